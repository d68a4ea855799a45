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

// Source of a person's features: computed from crops; computed and stored in the cache; read from
// the cache (train.cache_features).
enum class FeatureUse : char { kCompute, kStore, kRead };

// Input of one network call.
struct TrainBatch {
  at::Tensor crops;    // [m T, 3, H, W], frames of one sample side by side
  at::Tensor targets;  // [n, J, h, w]
  at::Tensor weights;  // [n, J]
  // [n, J], 1 if the sample's data set annotates the joint. Undefined if the data sets agree.
  at::Tensor annotated;

  int substituted = 0;  // neighbours replaced by the key frame (TrainSet::Frames)

  std::vector<int> samples;              // of the training set
  std::vector<std::int64_t> with_crops;  // the m rows with crops

  // With a FeatureCache:
  std::vector<FeatureUse> uses;      // [n]
  at::Tensor features;               // [n, T, N, C]; rows already read are set
  std::vector<std::int64_t> unread;  // rows to be read from the cache
  int variant = 0;
};

// Samples of a batch and their random draws.
struct BatchPlan {
  std::vector<int> samples;
  std::vector<std::uint64_t> draws;  // per sample; seed, epoch and draw determine the augmentation
  std::uint64_t seed = 0, epoch = 0;
  std::vector<FeatureUse> uses;  // empty: all computed; kRead gets no crops
};

// Crops, augments and labels samples; no augmentation if `augment` is null. The result depends only
// on the plan.
TrainBatch make_batch(data::TrainSet& set, const BatchPlan& plan, const model::ModelConfig& model,
                      const data::AugmentConfig* augment);

// Without augmentation.
TrainBatch make_plain(data::TrainSet& set, std::span<const int> samples,
                      const model::ModelConfig& model);

}  // namespace vremd::train
