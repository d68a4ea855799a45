// SPDX-License-Identifier: Apache-2.0
#include "train/sample_order.h"

#include <algorithm>
#include <utility>

namespace vremd::train {

SampleOrder::SampleOrder(const data::TrainSet& set, const TrainConfig& config,
                         std::int64_t steps_per_epoch, int rank, int processes,
                         std::int64_t first_step, std::vector<bool> stored)
    : set_(set),
      config_(config),
      steps_per_epoch_(steps_per_epoch),
      persons_(config.persons_of_step()),
      rank_(rank),
      processes_(processes),
      first_step_(first_step),
      next_epoch_(first_step / steps_per_epoch),
      stored_(std::move(stored)) {
  stored_.resize(set.samples().size() * static_cast<std::size_t>(config.train.cache_features));
}

BatchPlan SampleOrder::plan(std::int64_t micro_batch) {
  const std::int64_t per_step = config_.micro_batches();
  const std::int64_t per_batch = per_step / config_.train.accum;
  const std::int64_t step = micro_batch / per_step, number = micro_batch % per_step;
  const std::int64_t batch = config_.train.batch, size = config_.train.micro_batch;
  const std::int64_t in_batch = (number % per_batch) * size;
  const std::size_t first = place(step % steps_per_epoch_, (number / per_batch) * batch + in_batch);
  const auto count = static_cast<std::size_t>(std::min(size, batch - in_batch));
  const auto epoch = take(step / steps_per_epoch_);

  BatchPlan plan;
  const auto begin = epoch->order.begin() + static_cast<std::ptrdiff_t>(first);
  plan.samples.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  plan.seed = static_cast<std::uint64_t>(config_.train.seed);
  plan.epoch = static_cast<std::uint64_t>(step / steps_per_epoch_);
  if (epoch->uses.empty()) {
    for (std::size_t i = 0; i < count; ++i) plan.draws.push_back(first + i);
    return plan;
  }
  plan.epoch %= static_cast<std::uint64_t>(config_.train.cache_features);  // the variant
  for (std::size_t i = 0; i < count; ++i) {
    plan.draws.push_back(static_cast<std::uint64_t>(plan.samples[i]));
    plan.uses.push_back(epoch->uses[first + i]);
  }
  return plan;
}

// Makes epochs in order: later ones read what earlier ones store.
std::shared_ptr<const SampleOrder::Epoch> SampleOrder::take(std::int64_t epoch) {
  const std::lock_guard lock(mutex_);
  for (; next_epoch_ <= epoch; ++next_epoch_) epochs_[next_epoch_] = make(next_epoch_);
  const auto found = epochs_.find(epoch);
  std::shared_ptr<Epoch> result = found->second;
  if (--result->unplanned == 0) epochs_.erase(found);
  return result;
}

std::shared_ptr<SampleOrder::Epoch> SampleOrder::make(std::int64_t epoch) {
  auto result = std::make_shared<Epoch>();
  result->order =
      set_.order(static_cast<std::uint64_t>(config_.train.seed), static_cast<std::uint64_t>(epoch));
  const std::int64_t from = std::max<std::int64_t>(0, first_step_ - epoch * steps_per_epoch_);
  result->unplanned = (steps_per_epoch_ - from) * config_.micro_batches();
  const auto variants = static_cast<std::size_t>(config_.train.cache_features);
  if (variants == 0) return result;
  result->uses.resize(result->order.size(), FeatureUse::kRead);
  const std::size_t variant = static_cast<std::size_t>(epoch) % variants;
  std::vector<std::size_t> added;
  for (std::int64_t step = from; step < steps_per_epoch_; ++step) {
    for (std::int64_t number = 0; number < persons_; ++number) {
      const std::size_t at = place(step, number);
      const std::size_t entry = static_cast<std::size_t>(result->order[at]) * variants + variant;
      if (!stored_[entry]) added.push_back(at);
    }
  }
  for (const std::size_t at : added) {
    const std::size_t entry = static_cast<std::size_t>(result->order[at]) * variants + variant;
    result->uses[at] = stored_[entry] ? FeatureUse::kCompute : FeatureUse::kStore;
    stored_[entry] = true;
  }
  return result;
}

}  // namespace vremd::train
