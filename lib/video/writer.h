// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vremd::video {

struct VideoWriterOptions {
  int width = 0, height = 0;  // any size; odd ones are padded by one pixel where a codec needs it
  std::pair<int, int> fps{25, 1};
  std::vector<std::string> codecs{"libx264", "mpeg4"};  // the first that this libav has
  std::string pixel_format{};                           // "" = what suits the codec
  int quality = 20;  // CRF for x264/x265; mapped for others; 0 = lossless where it exists
  int rotation = 0;  // display rotation written to the container, degrees clockwise
  int gop = 0;       // 0 = the codec's own
  int threads = 1;
  bool force = false;  // replace an existing file
};

// Encodes frames into a file that takes its name in close(); without it the partial file is
// removed, but for keep_partial(). The container follows the ending of the path. Error
// "path: what".
class VideoWriter {
 public:
  VideoWriter(std::string path, VideoWriterOptions options);
  ~VideoWriter();

  void write(const Frame& frame);               // pts by count: constant rate
  void write(const Frame& frame, double time);  // seconds; must grow: variable rate
  void close();

  // For an input that was not read to its end: completes the video so far under its temporary name
  // and gives that ("" without a frame: nothing is kept).
  std::string keep_partial();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A picture as the content of a file, PNG or JPEG by the ending of `path`.
std::string encode_picture(const std::string& path, const Frame& frame);
// The same as a file that has its name once it is complete.
void write_picture(const std::string& path, const Frame& frame, bool force = true);

}  // namespace vremd::video
