// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/checkpoint.h"
#include "train/config.h"

#include <torch/optim/adamw.h>

#include <string>
#include <utility>
#include <vector>

namespace vremd::train {

// AdamW with the groups of METHOD 10.2: of the backbone or not, decayed or not.
class Optimizer {
 public:
  Optimizer(const TrainConfig::Train& config,
            const std::vector<std::pair<std::string, at::Tensor>>& parameters);

  // The parameters move against their gradients, at the learning rates of `step` (from 0) of
  // `steps`. Gives the gradients' global norm before clipping; where it is not finite, nothing
  // moves.
  double step(std::int64_t step, std::int64_t steps, double steps_per_epoch);
  double learning_rate() const;  // of the last group: the modules

  void store(Checkpoint& checkpoint) const;
  void restore(const Checkpoint& checkpoint);

 private:
  struct Group {
    std::vector<std::pair<std::string, at::Tensor>> parameters;
    double lr;
    bool backbone;
  };
  TrainConfig::Train config_;
  std::vector<Group> groups_;
  std::unique_ptr<torch::optim::AdamW> adamw_;
};

bool is_backbone(const std::string& parameter);
// What wd_on "matrices" decays: neither vectors nor tokens and embeddings, whatever their shape.
bool is_matrix(const std::string& parameter, const at::Tensor& tensor);

}  // namespace vremd::train
