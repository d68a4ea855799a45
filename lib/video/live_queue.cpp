// SPDX-License-Identifier: Apache-2.0
#include "video/live_queue.h"

#include <utility>

namespace vremd::video {

LiveQueue::LiveQueue(Source source, FrameRange counted)
    : source_(std::move(source)), counted_(counted), thread_([this] { read(); }) {}

void LiveQueue::read() {
  std::exception_ptr thrown;
  try {
    while (auto frame = source_()) put(std::move(frame));
  } catch (...) {
    thrown = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  thrown_ = thrown;
  ended_ = true;
  changed_.notify_all();
}

void LiveQueue::put(std::unique_ptr<Frame> frame) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(frame));
  if (waiting_.size() > kWaiting) {
    const Frame& oldest = *waiting_.front();
    skipped_ += counted_.contains(oldest.index, oldest.time);
    waiting_[1]->cut = waiting_[1]->cut || oldest.cut;
    waiting_.pop_front();
  }
  changed_.notify_all();
}

std::unique_ptr<Frame> LiveQueue::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !waiting_.empty() || ended_; });
  if (waiting_.empty()) {
    if (thrown_) std::rethrow_exception(thrown_);
    return nullptr;
  }
  auto frame = std::move(waiting_.front());
  waiting_.pop_front();
  return frame;
}

std::int64_t LiveQueue::skipped() const {
  const std::lock_guard lock(mutex_);
  return skipped_;
}

}  // namespace vremd::video
