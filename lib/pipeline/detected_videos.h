// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/detect_pipeline.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace vremd::pipeline {

// Detects the people of videos in threads of its own, for a stage that needs their frames too, so
// that each video is decoded once. Records are as if they had been written and read.
//
// For one thread, but for cancel(). At most a few frames wait, one of a live source, besides those
// that the stage has asked for.
class DetectedVideos {
 public:
  // Starts the detection. `detector` must outlive it.
  DetectedVideos(DetectInput input, io::Header header, const detect::PersonDetector& detector);
  ~DetectedVideos();  // cancels

  // In order; nothing at the end, or after a stop. Rethrows an exception of the detection.
  std::optional<io::Record> next_record();

  // The frames of the video of the last header, also those outside the range of frames; null at
  // its end.
  FramePtr next_frame();

  void cancel();  // ends a waiting call

  DetectCounts counts() const;  // complete once next_record() gives nothing

 private:
  struct Item {
    std::optional<io::Record> record;
    FramePtr frame;
  };
  void put(Item item);
  bool take();  // moves an item from the queue to records_ and frames_

  DetectInput input_;
  std::size_t most_;  // items in queue_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool ended_ = false, cancelled_ = false;
  std::exception_ptr thrown_;
  DetectCounts counts_;
  // Taken from the queue, but not yet asked for.
  std::deque<io::Record> records_;
  std::deque<FramePtr> frames_;
  bool video_ended_ = false;  // its end record was taken
  std::jthread thread_;
};

}  // namespace vremd::pipeline
