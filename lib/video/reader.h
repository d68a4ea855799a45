// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.h"
#include "core/frame.h"
#include "core/frame_range.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace vremd::video {

struct VideoReaderOptions {
  int threads = 1;                // of the decoder
  std::function<bool()> stopped;  // polled while waiting; true ends the reading
  bool find_cuts = false;         // sets Frame::cut; frames come ShotDetector::kLookAhead later
  bool low_delay = false;         // opens a stream after a second and decodes without delay
  // The source does not wait (LiveQueue): frames are skipped if they are not taken in time. Implies
  // low_delay, and with find_cuts a look-ahead of two frames. After a stop, the frames that have
  // been read are returned.
  bool live = false;
  FrameRange counted{};  // the frames that skipped() counts
};

struct VideoInfo {
  std::string name;                        // as given
  int width = 0, height = 0;               // of the first frame, after rotation
  std::pair<int, int> pixel_aspect{1, 1};  // width : height of a pixel
  std::optional<std::pair<std::int64_t, std::int64_t>> fps, time_base;
  std::optional<std::int64_t> frames_expected;  // according to the container
  std::string codec;
};

// Reads the frames of anything that libav opens, in presentation order.
//
// `path` is a file, "-" (standard input), or a folder (in natural order of the names) or pattern of
// images, which is one video: printf-style ("%06d.jpg") or with * and ?. Frames that cannot be
// decoded are returned as `missing`, so that indices stay correct; frames decoded with errors are
// `damaged`. The size may change between frames. Images have no fps; their time assumes 25 frames a
// second. Errors ("path: what") at construction: no such file, not a video, no frames.
class VideoReader {
 public:
  explicit VideoReader(std::string path, VideoReaderOptions options = {});
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;

  const VideoInfo& info() const;
  FramePtr next();  // null at the end, or after a stop
  bool stopped() const;

  // Of a live source:
  std::int64_t skipped() const;
  std::int64_t reconnects() const;  // also attempts
  // Once next() has returned null: why the connection ended; "" if it did not.
  std::string lost() const;

  std::int64_t damaged() const;  // so far
  std::int64_t missing() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A readable file that is not a valid image.
struct BadPicture : Error {
  using Error::Error;
};

// A still image (JPEG, PNG, ...). Error "path: what"; BadPicture if the content is invalid.
FramePtr read_picture(const std::string& path);

// True for what may have no end: a pipe, a device or a URL; for "-", what standard input is.
bool can_be_live(const std::string& path);

// True for a regular file that libav opens and that does not start like records.
bool looks_like_video(const std::string& path);

// True if `path` is an image by its extension (core/picture_names.h) or its content.
bool is_picture(const std::string& path);

}  // namespace vremd::video
