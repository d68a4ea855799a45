// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/batch.h"
#include "train/config.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace vremd::train {

// Assigns persons to the micro-batches of one process. Micro-batches are numbered over the whole
// training, TrainConfig::micro_batches per step; the content of a batch depends only on its number.
//
// With a feature cache (METHOD 10.4), an epoch reads entries stored by earlier epochs of this run.
// Each entry is stored once, at the first occurrence of its person.
class SampleOrder {
 public:
  // `first_step`: first step of this run. `stored`: entries of the feature cache that exist,
  // [sample][variant]; empty: none.
  SampleOrder(const data::TrainSet& set, const TrainConfig& config, std::int64_t steps_per_epoch,
              int rank, int processes, std::int64_t first_step, std::vector<bool> stored = {});

  // Call once per micro-batch from `first_step` on, from any thread.
  BatchPlan plan(std::int64_t micro_batch);

 private:
  struct Epoch {
    std::vector<int> order;
    std::vector<FeatureUse> uses;  // of this process's part of `order`
    std::int64_t unplanned = 0;    // micro-batches not yet requested
  };
  std::shared_ptr<const Epoch> take(std::int64_t epoch);
  std::shared_ptr<Epoch> make(std::int64_t epoch);
  // Index in the epoch's order of person `number` of this process in step `step` of the epoch.
  std::size_t place(std::int64_t step, std::int64_t number) const {
    return static_cast<std::size_t>((step * processes_ + rank_) * persons_ + number);
  }

  const data::TrainSet& set_;
  const TrainConfig& config_;
  std::int64_t steps_per_epoch_, persons_, rank_, processes_, first_step_;

  std::mutex mutex_;
  std::int64_t next_epoch_;
  std::map<std::int64_t, std::shared_ptr<Epoch>> epochs_;
  std::vector<bool> stored_;  // [sample][variant], by the epochs made so far
};

}  // namespace vremd::train
