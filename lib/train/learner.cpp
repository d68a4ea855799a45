// SPDX-License-Identifier: Apache-2.0
#include "train/learner.h"

#include "core/error.h"
#include "model/weights.h"

#include <algorithm>

namespace vremd::train {
namespace {

WeightAverage::State cloned(const WeightAverage::State& state) {
  WeightAverage::State copy;
  for (const auto& [name, tensor] : state) copy[name] = tensor.detach().clone();
  return copy;
}

void copy(const WeightAverage::State& from, const WeightAverage::State& to) {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : from) to.at(name).detach().copy_(tensor);
}

void store_state(const std::map<std::string, at::Tensor>& state, const std::string& prefix,
                 Checkpoint& checkpoint) {
  for (const auto& [name, tensor] : state) checkpoint.tensors[prefix + name] = tensor;
}

void restore_state(const Checkpoint& checkpoint, const std::string& path, const std::string& prefix,
                   const std::map<std::string, at::Tensor>& state) {
  at::NoGradGuard no_grad;
  for (const auto& [name, own] : state) {
    const auto found = checkpoint.tensors.find(prefix + name);
    if (found == checkpoint.tensors.end()) fail("{}: no tensor {}{}", path, prefix, name);
    own.detach().copy_(found->second);
  }
}

}  // namespace

WeightAverage::WeightAverage(const torch::nn::Module& model, double decay) : decay_(decay) {
  if (decay <= 0) return;
  model_ = model::state_of(model);
  average_ = cloned(model_);
}

void WeightAverage::update(std::int64_t steps) {
  at::NoGradGuard no_grad;
  const double age = static_cast<double>(steps);
  const double decay = std::min(decay_, (1 + age) / (10 + age));
  for (auto& [name, tensor] : average_) tensor.lerp_(model_.at(name).detach(), 1 - decay);
}

WeightAverage::InModel::InModel(const WeightAverage& average)
    : average_(average), kept_(cloned(average.model_)) {
  copy(average.average_, average.model_);
}

WeightAverage::InModel::~InModel() { copy(kept_, average_.model_); }

void Learner::save(const std::string& path, const TrainConfig& config, std::int64_t processes,
                   std::int64_t persons) {
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.best = best;
  checkpoint.config = config.to_json().dump();
  checkpoint.processes = processes;
  checkpoint.persons = persons;
  checkpoint.substituted = substituted;
  store_state(model::state_of(replicas.model()), "model.", checkpoint);
  store_state(average.average(), "ema.", checkpoint);
  optimizer.store(checkpoint);
  save_checkpoint(path, checkpoint);
  saved_step = step;
}

void Learner::resume(const std::string& path, const TrainConfig& config, std::int64_t processes,
                     std::int64_t persons) {
  const Checkpoint checkpoint = load_checkpoint(path);
  require_same_run(checkpoint, path, config, processes, persons);
  restore_state(checkpoint, path, "model.", model::state_of(replicas.model()));
  restore_state(checkpoint, path, "ema.", average.average());
  optimizer.restore(checkpoint);
  step = saved_step = checkpoint.step;
  best = checkpoint.best;
  substituted = checkpoint.substituted;
}

}  // namespace vremd::train
