// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/overlay.h"
#include "io/records.h"
#include "video/reader.h"

#include <memory>
#include <string>
#include <vector>

namespace vremd::draw {

// One picture to draw: a frame and its record.
struct FrameTask {
  FramePtr frame;
  io::FrameRecord record;
  std::shared_ptr<const io::Header> header;
  std::vector<int> colours;  // one per instance
  std::string label;
  std::string path;         // of the drawing, if each frame has its own
  double pixel_aspect = 1;  // of the frame: width by height; the drawing has square pixels
  Size displayed;           // the frame with square pixels, none lost
  Frame drawing;
};

// Pairs the frames of a video with the records of the same index, in order. Skips and counts frames
// without a record and records without a frame.
class FrameTasks {
 public:
  FrameTasks(std::string video, io::Header header, video::VideoReaderOptions options);

  // Reads the video up to the record's frame. Null if the video lacks it.
  std::unique_ptr<FrameTask> task(io::FrameRecord record);

  const std::string& name() const { return video_; }
  const video::VideoInfo& info() const { return reader_.info(); }
  Size displayed(Size frame) const;  // with square pixels

  // To be called after the last record. `of_part`: the records are only some of the video's.
  void warn_unmatched(bool of_part);

 private:
  std::string video_;
  std::shared_ptr<const io::Header> header_;
  video::VideoReader reader_;
  bool still_;
  double pixel_aspect_;
  FramePtr frame_;  // read, but ahead of the last record
  bool at_end_ = false;
  PersonColours colours_;
  std::int64_t without_record_ = 0, without_frame_ = 0, next_frame_ = 0;
};

// A frame with its people and its label, on a canvas of the given size.
Canvas draw_task(const FrameTask& task, Size size, const OverlayStyle& style);

}  // namespace vremd::draw
