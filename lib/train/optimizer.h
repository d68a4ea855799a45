// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <torch/optim/adamw.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vremd::train {

// Learning rate factor at `step` (from 0) of `steps` (METHOD 10.2). With a milestone of 16, epochs
// 1-16 run at the full rate, later ones at gamma times it.
double learning_rate_factor(const TrainConfig::Train& config, double step, double steps,
                            double steps_per_epoch, double warmup);

// AdamW with the parameter groups of METHOD 10.2: backbone or not, decayed or not.
class Optimizer {
 public:
  Optimizer(const TrainConfig::Train& config,
            const std::vector<std::pair<std::string, at::Tensor>>& parameters);

  // Updates the parameters with the learning rates of `step` (from 0) of `steps`. Returns the
  // global gradient norm before clipping; if it is not finite, the parameters are unchanged.
  double step(std::int64_t step, std::int64_t steps, double steps_per_epoch);
  double learning_rate() const;  // of the last group, the modules

  // The moments, in a checkpoint's tensors of `step`.
  void store(std::map<std::string, at::Tensor>& tensors) const;
  void restore(const std::map<std::string, at::Tensor>& tensors, std::int64_t step);

 private:
  struct Group {
    std::vector<std::pair<std::string, at::Tensor>> parameters;
    double lr, warmup;
  };
  TrainConfig::Train config_;
  std::vector<Group> groups_;
  std::unique_ptr<torch::optim::AdamW> adamw_;
};

bool is_backbone(const std::string& parameter);
// Decayed with wd_on "matrices": all but vectors, tokens and embeddings.
bool is_matrix(const std::string& parameter, const at::Tensor& tensor);

}  // namespace vremd::train
