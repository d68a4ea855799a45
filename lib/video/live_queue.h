// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "core/frame_range.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace vremd::video {

// Reads frames in a thread of its own, so that a slow reader does not hold up their source: at most
// kWaiting of them wait, and for a newer one the oldest is skipped. If that one begins a shot, the
// next one does instead.
class LiveQueue {
 public:
  static constexpr std::size_t kWaiting = 2;
  using Source = std::function<std::unique_ptr<Frame>()>;  // null at the end

  // `counted`: the frames that skipped() counts. The destructor waits for the end of the source.
  LiveQueue(Source source, FrameRange counted);

  std::unique_ptr<Frame> next();  // waits; null at the end. Rethrows an exception of the source.
  std::int64_t skipped() const;   // so far

 private:
  void read();
  void put(std::unique_ptr<Frame> frame);

  Source source_;
  FrameRange counted_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Frame>> waiting_;
  std::int64_t skipped_ = 0;
  bool ended_ = false;
  std::exception_ptr thrown_;
  std::jthread thread_;
};

}  // namespace vremd::video
