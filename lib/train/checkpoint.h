// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

namespace vremd::train {

// The state needed to resume a training run.
struct Checkpoint {
  std::map<std::string, at::Tensor> tensors;  // float32
  std::int64_t step = 0;
  double best = -1;                         // best validation score so far
  std::int64_t processes = 1, persons = 0;  // processes per step; persons per epoch
  std::int64_t substituted = 0;             // neighbours replaced by the key frame in this epoch
  std::string config;                       // of the run, JSON text
};

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);  // atomically
Checkpoint load_checkpoint(const std::string& path);

// Error unless `config`, `processes` and `persons` match the checkpoint; settings that do not
// affect the weights may differ.
void require_same_run(const Checkpoint& checkpoint, const std::string& path,
                      const TrainConfig& config, std::int64_t processes, std::int64_t persons);

}  // namespace vremd::train
