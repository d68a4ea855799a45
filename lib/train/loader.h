// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/batch.h"

#include <cstdint>
#include <functional>
#include <memory>

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

  double seconds_waited() const;  // in take(), sum over all callers

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vremd::train
