// SPDX-License-Identifier: Apache-2.0
#include "train/cached_batch.h"

#include <ATen/Functions.h>

namespace vremd::train {
namespace {

// Of those that are still missing.
void read_features(TrainBatch& batch, const FeatureCache& cache) {
  std::erase_if(batch.unread, [&](std::int64_t row) {
    const int sample = batch.samples[row];
    if (!cache.has(sample, batch.variant)) return false;
    batch.features[row].copy_(cache.get(sample, batch.variant));
    return true;
  });
}

}  // namespace

TrainBatch make_cached_batch(data::TrainSet& set, const BatchPlan& plan, const TrainConfig& config,
                             FeatureCache& cache) {
  TrainBatch batch =
      make_batch(set, plan, config.model, cache.variants() > 1 ? &config.aug : nullptr);
  batch.uses = plan.uses;
  batch.variant = static_cast<int>(plan.epoch);
  const auto& shape = cache.shape();
  batch.features = at::empty({std::ssize(batch.samples), shape[0], shape[1], shape[2]}, at::kFloat);
  for (std::int64_t row = 0; row < std::ssize(batch.samples); ++row) {
    if (plan.uses[row] == FeatureUse::kRead) batch.unread.push_back(row);
  }
  read_features(batch, cache);
  return batch;
}

void complete_features(TrainBatch& batch, const at::Tensor& fresh, FeatureCache& cache) {
  at::NoGradGuard no_grad;
  for (std::size_t m = 0; m < batch.with_crops.size(); ++m) {
    const std::int64_t row = batch.with_crops[m];
    const at::Tensor rounded = cache.rounded(fresh[static_cast<std::int64_t>(m)]);
    if (batch.uses[row] == FeatureUse::kStore) {
      cache.put(batch.samples[row], batch.variant, rounded);
    }
    batch.features[row].copy_(rounded);
  }
  read_features(batch, cache);
  TORCH_CHECK(batch.unread.empty(), "features are read before they are stored");
}

}  // namespace vremd::train
