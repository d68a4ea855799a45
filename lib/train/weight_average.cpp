// SPDX-License-Identifier: Apache-2.0
#include "train/weight_average.h"

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

}  // namespace vremd::train
