// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/hkme.h"
#include "train/config.h"
#include "train/feature_cache.h"
#include "train/learner.h"
#include "train/loader.h"
#include "train/process_group.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

namespace vremd::train {

struct StepResult {
  double loss = 0, norm = 0;     // of all processes; the norm before clipping
  std::int64_t substituted = 0;  // neighbours that could not be used
};

// The steps of the optimizer: forward and backward of the micro-batches, sums over the processes,
// the parameters' move (METHOD 10.2), their average.
class TrainStep {
 public:
  // All must outlive it; `cache` null: no cache of features.
  TrainStep(const TrainConfig& config, const TrainConfig::Steps& steps, Learner& learner,
            ProcessGroup& processes, FeatureCache* cache, std::function<bool()> stopped);

  // The next step. Nothing: some process was told to stop, the step is not taken. What is thrown
  // leaves the learner as it was before the step.
  std::optional<StepResult> take(BatchLoader& loader);

  double learning_rate() const { return learner_.optimizer.learning_rate(); }

  // Of Mask_k in one micro-batch since the last call (METHOD 5.2).
  std::optional<model::MaskConcentration> mask_concentration();

 private:
  std::optional<StepResult> try_step(BatchLoader& loader);
  at::Tensor loss_of(model::VremdImpl& network, TrainBatch& batch);

  const TrainConfig& config_;
  TrainConfig::Steps steps_;
  Learner& learner_;
  ProcessGroup& processes_;
  FeatureCache* cache_;
  std::function<bool()> stopped_;
  std::atomic<bool> watch_mask_ = true;
  std::optional<model::MaskConcentration> mask_;
};

}  // namespace vremd::train
