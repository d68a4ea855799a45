// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/detect_pipeline.h"
#include "video/reader.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::pipeline {

// A token of the pipeline: one frame, and what comes before it in the records.
struct DetectTask {
  bool ends_video = false;           // the video before it is complete
  std::optional<io::Header> header;  // of the video that the frame opens
  FramePtr frame;                    // null: nothing follows
  bool keyframe = false;             // the detector runs; else the last keyframe's boxes are reused
  std::vector<ops::ScoredBox> people;
};

// The frames of all videos, one after the other. Not for several threads at once.
class DetectReader {
 public:
  DetectReader(const DetectInput& input, io::Header header);  // Error: not a picture, with `stills`

  std::unique_ptr<DetectTask> next();  // null: the end, or a stop
  void cancel() { cancelled_ = true; }
  bool stopped() const { return cancelled_ || input_.stopped(); }
  const DetectCounts& counts() const { return counts_; }

 private:
  bool open(DetectTask& task);
  bool is_keyframe(const Frame& frame);

  const DetectInput& input_;
  io::Header header_;
  std::vector<std::string> videos_;
  std::size_t next_video_ = 0;
  std::unique_ptr<video::VideoReader> reader_;  // null: none is open
  bool ends_video_ = false;                     // for the next task
  std::int64_t next_keyframe_ = 0;
  int keyframe_width_ = 0, keyframe_height_ = 0;
  std::atomic<bool> cancelled_ = false;
  DetectCounts counts_;
};

}  // namespace vremd::pipeline
