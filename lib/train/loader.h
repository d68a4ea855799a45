// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/batch.h"

#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <mutex>

namespace vremd::train {

// Prepares batches in its own threads, at most `ahead` in advance.
class BatchLoader {
 public:
  using Make = std::function<TrainBatch(std::int64_t)>;

  // Batches `first` ... `last` - 1, made by `make` in any of `threads` threads.
  BatchLoader(Make make, std::int64_t first, std::int64_t last, int threads, int ahead);
  ~BatchLoader();  // waits for batches in progress, drops the rest

  // Each batch once, in any order within `ahead`, from any thread. Rethrows exceptions of `make`.
  TrainBatch take(std::int64_t index);

  double seconds_waited() const { return waited_; }  // in take(), sum over all callers

 private:
  void start_one();  // with the mutex held

  Make make_;
  std::int64_t next_, last_;
  std::mutex mutex_;
  std::map<std::int64_t, std::future<TrainBatch>> waiting_;
  std::atomic<bool> stopped_ = false;
  std::atomic<double> waited_ = 0;
  oneapi::tbb::task_arena arena_;
  oneapi::tbb::task_group tasks_;
};

}  // namespace vremd::train
