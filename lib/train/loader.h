// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/batch.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace vremd::train {

// Makes batches in threads of its own, ahead of those who take them.
//
// At most `ahead` batches wait at a time, so memory is bounded however slow the training is.
class BatchLoader {
 public:
  using Make = std::function<TrainBatch(std::int64_t)>;

  // Batches `first` ... `last` - 1, each made by `make` (in any of `threads` threads).
  BatchLoader(Make make, std::int64_t first, std::int64_t last, int threads, int ahead);
  ~BatchLoader();  // waits for those that are being made, drops the rest

  // Each once, in any order within `ahead` of each other; from any thread. Throws what `make`
  // threw.
  TrainBatch take(std::int64_t index);

  double seconds_waited() const;  // in take(), by all who took

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vremd::train
