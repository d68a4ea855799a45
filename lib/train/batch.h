// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/augment.h"
#include "data/train_set.h"
#include "model/config.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace vremd::train {

// Where a person's features come from: computed from crops; computed and stored in the cache; read
// from there (train.cache_features).
enum class FeatureUse : char { kCompute, kStore, kRead };

// What goes through the network at once.
struct TrainBatch {
  at::Tensor crops;    // [m T, 3, H, W], frames of one sample side by side
  at::Tensor targets;  // [n, J, h, w]
  at::Tensor weights;  // [n, J]
  // [n, J], 1: the sample's data set annotates the joint. Undefined: all that any set annotates.
  at::Tensor annotated;

  int substituted = 0;  // neighbours that could not be used (TrainSet::Frames)

  std::vector<int> samples;              // of the training set
  std::vector<std::int64_t> with_crops;  // the m of the n that have crops

  // With a cache of features (cached_batch.h):
  std::vector<FeatureUse> uses;      // of the n
  at::Tensor features;               // [n, T, N, C]; set where they were read already
  std::vector<std::int64_t> unread;  // of the n: to be read, and not there yet
  int variant = 0;
};

// Which samples a batch has, and how they are drawn.
struct BatchPlan {
  std::vector<int> samples;
  std::vector<std::uint64_t> draws;  // one for each: with seed and epoch the whole of its chance
  std::uint64_t seed = 0, epoch = 0;
  std::vector<FeatureUse> uses;  // empty: all computed; those that are read get no crops
};

// Cuts, changes and labels some samples. `augment` null: as they are. The result is a function of
// the plan alone.
TrainBatch make_batch(data::TrainSet& set, const BatchPlan& plan, const model::ModelConfig& model,
                      const data::AugmentConfig* augment);

// Samples as they are.
TrainBatch make_plain(data::TrainSet& set, std::span<const int> samples,
                      const model::ModelConfig& model);

}  // namespace vremd::train
