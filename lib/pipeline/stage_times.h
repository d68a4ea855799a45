// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>

namespace vremd::pipeline {

enum class PoseStage { kRead, kCrop, kBackbone, kModules, kDecode, kWrite };
constexpr std::array<const char*, 6> kPoseStageNames = {"read",    "crop",   "backbone",
                                                        "modules", "decode", "write"};

// Processor seconds of each stage, summed over the threads: waiting for input and for other
// processes does not count. On a GPU its time counts where the thread waits for it.
class StageTimes {
 public:
  void add(PoseStage stage, double seconds) {
    nanoseconds_[static_cast<std::size_t>(stage)] += static_cast<std::int64_t>(seconds * 1e9);
  }
  double seconds(PoseStage stage) const {
    return static_cast<double>(nanoseconds_[static_cast<std::size_t>(stage)]) / 1e9;
  }

 private:
  std::array<std::atomic<std::int64_t>, kPoseStageNames.size()> nanoseconds_{};
};

// Adds the time from here to the end of the scope, or to the next stage.
class StageClock {
 public:
  StageClock(StageTimes& times, PoseStage stage) : times_(times), stage_(stage), start_(now()) {}
  ~StageClock() { times_.add(stage_, now() - start_); }
  StageClock(const StageClock&) = delete;
  StageClock& operator=(const StageClock&) = delete;

  void next(PoseStage stage) {
    const double time = now();
    times_.add(stage_, time - start_);
    stage_ = stage;
    start_ = time;
  }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  StageTimes& times_;
  PoseStage stage_;
  double start_;
};

}  // namespace vremd::pipeline
