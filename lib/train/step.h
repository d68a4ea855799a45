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
  double loss = 0, norm = 0;     // over all processes; norm before clipping
  std::int64_t substituted = 0;  // neighbours replaced by the key frame
};

// Optimizer steps: forward and backward passes of the micro-batches, all-reduce over the processes,
// parameter update (METHOD 10.2), weight average.
class TrainStep {
 public:
  // All arguments must outlive this object. `cache` may be null.
  TrainStep(const TrainConfig& config, const TrainConfig::Steps& steps, Learner& learner,
            ProcessGroup& processes, FeatureCache* cache, std::function<bool()> stopped);

  // The next step; nullopt if some process was asked to stop before it. On an exception the learner
  // is unchanged.
  std::optional<StepResult> take(BatchLoader& loader);

  double learning_rate() const { return learner_.optimizer.learning_rate(); }

  // Concentration of Mask_k in one micro-batch since the last call (METHOD 5.2).
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
