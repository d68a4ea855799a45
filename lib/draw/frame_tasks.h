// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/overlay.h"
#include "draw/person_colours.h"
#include "draw/record_stream.h"
#include "video/reader.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd {

// One picture to draw: a frame and what the records say about it.
struct FrameTask {
  FramePtr frame;
  FrameRecord record;
  std::shared_ptr<const Header> header;
  std::vector<int> colours;  // one per instance
  std::string label;
  std::string path;  // of the drawing, where each frame has its own
};

// Pairs the frames of a video with the records of the same index, in order. Frames without a
// record are left out, records without a frame cannot be drawn: both are counted.
class FrameTasks {
 public:
  FrameTasks(std::string video, Header header, VideoReaderOptions options);

  // The task of a record: reads the video up to its frame. Nothing where the video lacks it.
  std::optional<FrameTask> task(FrameRecord record);

  const std::string& name() const { return video_; }
  const VideoInfo& info() const { return reader_.info(); }
  bool stopped() const { return reader_.stopped(); }

  // Says once what did not match; to be called after the last record.
  void warn_unmatched();

 private:
  std::string video_;
  std::shared_ptr<const Header> header_;
  VideoReader reader_;
  bool still_;
  FramePtr frame_;  // read, but ahead of the last record
  bool at_end_ = false;
  PersonColours colours_;
  std::int64_t without_record_ = 0, without_frame_ = 0, next_frame_ = 0;
};

// The video of a header: `given` (--video) if any, else the header's, in `root` if it is relative.
std::string video_path(const Header& header, const std::string& given, const std::string& root);

// A frame with its people and its label, on a canvas of the given size.
Canvas draw_task(const FrameTask& task, Size size, const OverlayStyle& style);

}  // namespace vremd
