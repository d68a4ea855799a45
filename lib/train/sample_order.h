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

// Which persons one of several processes sees in which micro-batch. Micro-batches are numbered
// through the training, those of a step (TrainConfig::micro_batches) one after another. What a
// batch is made of depends on its number only, not on when it is asked for.
//
// With a cache of features (METHOD 10.4), an epoch reads what an earlier epoch of this run has
// stored; each entry is stored once, by its first person of the run.
class SampleOrder {
 public:
  // `first_step`: where this run begins.
  SampleOrder(const data::TrainSet& set, const TrainConfig& config, std::int64_t steps_per_epoch,
              int rank, int processes, std::int64_t first_step);

  // Each micro-batch from `first_step` on once, from any thread.
  BatchPlan plan(std::int64_t micro_batch);

 private:
  struct Epoch {
    std::vector<int> order;
    std::vector<FeatureUse> uses;  // of this process's part of `order`
    std::int64_t unplanned = 0;    // micro-batches that nobody has asked for yet
  };
  std::shared_ptr<const Epoch> take(std::int64_t epoch);
  std::shared_ptr<Epoch> make(std::int64_t epoch);
  // The place in an epoch's order of this process's person `number` of step `step` of the epoch.
  std::size_t place(std::int64_t step, std::int64_t number) const {
    return static_cast<std::size_t>((step * processes_ + rank_) * persons_ + number);
  }

  const data::TrainSet& set_;
  const TrainConfig& config_;
  std::int64_t steps_per_epoch_, persons_, rank_, processes_, first_step_;

  std::mutex mutex_;
  std::int64_t next_epoch_;
  std::map<std::int64_t, std::shared_ptr<Epoch>> epochs_;
  std::vector<bool> stored_;  // [sample][variant], by the epochs that were made
};

}  // namespace vremd::train
