// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vremd::video {

struct VideoWriterOptions {
  int width = 0, height = 0;  // odd sizes are padded by one pixel if the codec requires it
  std::pair<int, int> fps{25, 1};
  std::vector<std::string> codecs{"libx264", "mpeg4"};  // the first available one is used
  std::string pixel_format{};                           // "" = by codec
  int quality = 20;  // CRF of x264/x265, mapped for others; 0 = lossless if supported
  int rotation = 0;  // display rotation written to the container, degrees clockwise
  std::pair<int, int> pixel_aspect{1, 1};  // width : height of a pixel
  int gop = 0;                             // 0 = codec default
  int b_frames = -1;                       // between two others; -1 = codec default
  int threads = 1;
  bool force = false;  // overwrite an existing file
};

// Encodes frames into a file that gets its name in close(). Without close() or keep_partial() the
// partial file is removed. The path's extension selects the container. Error "path: what".
class VideoWriter {
 public:
  VideoWriter(std::string path, VideoWriterOptions options);
  ~VideoWriter();

  void write(const Frame& frame);               // constant frame rate
  void write(const Frame& frame, double time);  // seconds, increasing: variable frame rate
  void close();

  // For truncated input: finishes the video under its temporary name and returns that; "" if there
  // are no frames and nothing is kept.
  std::string keep_partial();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Encodes a frame as PNG or JPEG, selected by the extension of `path`.
std::string encode_picture(const std::string& path, const Frame& frame);
// Writes it to a file that gets its name once it is complete.
void write_picture(const std::string& path, const Frame& frame, bool force = true);

}  // namespace vremd::video
