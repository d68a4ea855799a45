// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <string>

namespace vremd::train {

// The exponential moving average of a model's parameters and batch statistics (train.ema).
class WeightAverage {
 public:
  using State = std::map<std::string, at::Tensor>;

  // Of `model`, which must outlive it. `decay` 0: no average, and everything below does nothing.
  WeightAverage(const torch::nn::Module& model, double decay);

  const State& average() const { return average_; }  // empty without

  // After step `steps` (from 1): young averages follow faster.
  void update(std::int64_t steps);

  // While it lives, the average is in the model.
  class InModel {
   public:
    explicit InModel(const WeightAverage& average);
    ~InModel();
    InModel(const InModel&) = delete;
    InModel& operator=(const InModel&) = delete;

   private:
    const WeightAverage& average_;
    State kept_;
  };

 private:
  double decay_;
  State model_, average_;
};

}  // namespace vremd::train
