// SPDX-License-Identifier: Apache-2.0
#include "train/step.h"

#include "core/error.h"
#include "train/loss.h"

#include <ATen/ops/zeros.h>

#include <cmath>

namespace vremd::train {

TrainStep::TrainStep(const TrainConfig& config, const TrainConfig::Steps& steps, Learner& learner,
                     ProcessGroup& processes, FeatureCache* cache, std::function<bool()> stopped)
    : config_(config),
      steps_(steps),
      learner_(learner),
      processes_(processes),
      cache_(cache),
      stopped_(std::move(stopped)) {}

std::optional<StepResult> TrainStep::take(BatchLoader& loader) {
  try {
    return try_step(loader);
  } catch (...) {
    learner_.replicas.discard();
    throw;
  }
}

std::optional<StepResult> TrainStep::try_step(BatchLoader& loader) {
  Replicas& replicas = learner_.replicas;
  const std::int64_t step = learner_.step;
  const bool single = processes_.size() == 1;
  const bool stop = stopped_();
  if (single && stop) return std::nullopt;
  const std::int64_t count = config_.micro_batches();
  std::atomic<std::int64_t> substituted = 0;
  const auto take = [&](std::int64_t index) {
    TrainBatch batch = loader.take(index);
    substituted += batch.substituted;
    return batch;
  };
  const double loss = replicas.accumulate(
      step * count, (step + 1) * count, take,
      [&](model::VremdImpl& network, TrainBatch& batch) { return loss_of(network, batch); });
  StepResult result{loss, 0, substituted};
  if (!single) {
    at::Tensor shared = at::zeros({3}, at::TensorOptions(replicas.device()));
    shared[0] = loss;
    shared[1] = stop ? 1 : 0;
    shared[2] = static_cast<double>(result.substituted);
    std::vector<at::Tensor> all = replicas.gradients();
    for (const at::Tensor& tensor : replicas.statistics()) all.push_back(tensor);
    all.push_back(shared);
    processes_.sum(all);
    if (shared[1].item<double>() > 0) {
      replicas.discard();
      return std::nullopt;
    }
    result.loss = shared[0].item<double>();
    result.substituted = std::llround(shared[2].item<double>());
  }
  if (!std::isfinite(result.loss)) fail("step {}: the loss is not finite ({})", step, result.loss);
  replicas.apply(count * processes_.size());
  result.norm = learner_.optimizer.step(step, steps_.all, static_cast<double>(steps_.per_epoch));
  if (!std::isfinite(result.norm)) {
    fail("step {}: the gradient is not finite ({})", step, result.norm);
  }
  learner_.average.update(++learner_.step);
  learner_.substituted += result.substituted;
  return result;
}

at::Tensor TrainStep::loss_of(model::VremdImpl& network, TrainBatch& batch) {
  const at::Device& device = learner_.replicas.device();
  const model::ModelConfig& model = config_.model;
  at::Tensor fresh;  // [m, T, N, C]
  if (batch.crops.defined()) {
    const Autocast autocast(config_.train.amp != Amp::kFp32, device);
    const at::Tensor tokens =
        network.features(batch.crops.to(device), network.key_rows(batch.crops.size(0)).to(device));
    fresh = tokens.view({-1, model.frames(), tokens.size(1), tokens.size(2)});
  }
  if (cache_) complete_features(batch, fresh, *cache_);
  const at::Tensor features = cache_ ? batch.features.to(device) : fresh;
  const Autocast autocast(config_.train.amp == Amp::kBf16, device);
  const bool watched = watch_mask_.exchange(false);
  const at::Tensor annotated =
      batch.annotated.defined() ? batch.annotated.to(device) : at::Tensor();
  const auto output = network.forward(features, /*keep_intermediates=*/watched, annotated);
  if (watched && output.keypoint_mask.defined())
    mask_ = model::concentration_of(output.keypoint_mask);
  const double share = static_cast<double>(batch.weights.size(0)) /
                       static_cast<double>(config_.persons_of_step() * processes_.size());
  return training_loss(model.loss, {output.heatmaps_bkhw, output.hk, output.hm},
                       batch.targets.to(device), batch.weights.to(device)) *
         share;
}

std::optional<model::MaskConcentration> TrainStep::mask_concentration() {
  watch_mask_ = true;
  return mask_;
}

}  // namespace vremd::train
