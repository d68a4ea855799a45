// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.h"
#include "core/frame.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace vremd::video {

struct VideoReaderOptions {
  int threads = 1;                // of the decoder
  std::function<bool()> stopped;  // asked by libav while it waits; true ends the reading
};

struct VideoInfo {
  std::string name;           // as given
  int width = 0, height = 0;  // of the first frame, after rotation
  std::optional<std::pair<std::int64_t, std::int64_t>> fps, time_base;
  std::optional<std::int64_t> frames_expected;  // what the container says
  std::string codec;
};

// Reads the frames of anything that libav opens, in presentation order.
//
// `path` is a file, "-" (standard input), a folder of pictures (natural order of the names), or a
// pattern of pictures: printf-style ("%06d.jpg") or with * and ? . A folder or pattern is one
// video. Frames that cannot be decoded are given as `missing`, so that indices stay true; frames
// decoded with errors as `damaged`. The size may change between frames. Where the input has no
// rate (pictures), fps is empty and time counts 25 frames a second.
// Errors ("path: what") at construction: no such file, not a video, no frame in it.
class VideoReader {
 public:
  explicit VideoReader(std::string path, VideoReaderOptions options = {});
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;

  const VideoInfo& info() const;
  FramePtr next();  // null at the end, or after a stop
  bool stopped() const;

  std::int64_t damaged() const;  // counts so far
  std::int64_t missing() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A file that could be read, but of which no picture can be made.
struct BadPicture : Error {
  using Error::Error;
};

// A still picture (JPEG, PNG, ...) as one frame. Error "path: what"; a BadPicture where it is the
// file's content.
FramePtr read_picture(const std::string& path);

// True for a regular file that libav opens and that does not begin like records.
bool looks_like_video(const std::string& path);

// True where `path` names one picture by its content or its ending (.jpg .jpeg .png .bmp .webp
// .tif .tiff).
bool is_picture(const std::string& path);

}  // namespace vremd::video
