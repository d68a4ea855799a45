// SPDX-License-Identifier: Apache-2.0
#include "pipeline/detected_videos.h"

#include <utility>
#include <variant>

namespace vremd::pipeline {

DetectedVideos::DetectedVideos(DetectInput input, io::Header header,
                               const detect::PersonDetector& detector)
    : input_(std::move(input)),
      most_(input_.live ? 1 : 4 + 2 * static_cast<std::size_t>(input_.threads)) {
  const auto stopped = std::move(input_.stopped);
  input_.stopped = [this, stopped] {
    const std::lock_guard lock(mutex_);
    return cancelled_ || stopped();
  };
  thread_ = std::jthread([this, header = std::move(header), &detector] {
    DetectCounts counts;
    std::exception_ptr thrown;
    try {
      counts = run_detect_pipeline(input_, header, detector,
                                   [this](std::optional<io::Record> record, FramePtr frame) {
                                     if (record) record = io::as_written(*record);
                                     put({std::move(record), std::move(frame)});
                                   });
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    counts_ = counts;
    thrown_ = thrown;
    ended_ = true;
    changed_.notify_all();
  });
}

DetectedVideos::~DetectedVideos() { cancel(); }

DetectCounts DetectedVideos::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void DetectedVideos::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

void DetectedVideos::put(Item item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < most_ || cancelled_; });
  queue_.push_back(std::move(item));
  changed_.notify_all();
}

bool DetectedVideos::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !queue_.empty() || ended_ || cancelled_; });
  if (cancelled_) return false;
  if (queue_.empty()) {
    if (thrown_) std::rethrow_exception(thrown_);
    return false;
  }
  Item item = std::move(queue_.front());
  queue_.pop_front();
  changed_.notify_all();
  if (item.record) {
    video_ended_ = std::holds_alternative<io::End>(*item.record);
    records_.push_back(std::move(*item.record));
  }
  if (item.frame) frames_.push_back(std::move(item.frame));
  return true;
}

std::optional<io::Record> DetectedVideos::next_record() {
  while (records_.empty()) {
    if (!take()) return std::nullopt;
  }
  io::Record record = std::move(records_.front());
  records_.pop_front();
  if (std::holds_alternative<io::Header>(record)) frames_.clear();
  return record;
}

FramePtr DetectedVideos::next_frame() {
  while (frames_.empty()) {
    if (video_ended_ || !take()) return nullptr;
  }
  FramePtr frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

}  // namespace vremd::pipeline
