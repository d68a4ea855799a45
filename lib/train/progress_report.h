// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"
#include "train/step.h"

#include <chrono>
#include <cstdint>

namespace vremd::train {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// The steps since the last line of metrics.jsonl.
class ProgressReport {
 public:
  // `workers` that wait for data; `persons` of a step, of all processes.
  ProgressReport(std::int64_t workers, std::int64_t persons)
      : workers_(workers), persons_(persons) {}

  void add(const StepResult& step);
  bool empty() const { return steps_ == 0; }
  double seconds() const { return clock_.seconds(); }
  void restart_clock() { clock_ = {}; }

  // The line of metrics after `step` steps ("step", "loss", "norm", "lr", "rate", "wait", "mask"),
  // if `aloud` also a message. Starts over.
  Json take(std::int64_t step, double epoch, const BatchLoader& loader, TrainStep& train_step,
            bool aloud);

 private:
  std::int64_t workers_, persons_;
  Stopwatch clock_;
  double loss_ = 0, norm_ = 0, waited_ = 0;  // waited_: by the last line
  int steps_ = 0;
};

}  // namespace vremd::train
