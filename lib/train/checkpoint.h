// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

namespace vremd::train {

// All that a training run needs to go on: named float32 tensors and how far it was.
struct Checkpoint {
  std::map<std::string, at::Tensor> tensors;
  std::int64_t step = 0;
  double best = -1;                         // best validation score so far
  std::int64_t processes = 1, persons = 0;  // that share a step; of an epoch
  std::int64_t substituted = 0;             // neighbours of this epoch that could not be used
  std::string config;                       // the run's configuration as JSON text
};

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);  // atomically
Checkpoint load_checkpoint(const std::string& path);

// Error unless `config`, `processes` and `persons` are those of the checkpoint, but for what makes
// no difference to the weights.
void require_same_run(const Checkpoint& checkpoint, const std::string& path,
                      const TrainConfig& config, std::int64_t processes, std::int64_t persons);

// `state` under a prefix from and to a checkpoint's tensors. Error: one is missing.
void store_state(const std::map<std::string, at::Tensor>& state, const std::string& prefix,
                 Checkpoint& checkpoint);
void restore_state(const Checkpoint& checkpoint, const std::string& path, const std::string& prefix,
                   const std::map<std::string, at::Tensor>& state);

}  // namespace vremd::train
