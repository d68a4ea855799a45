// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/augment.h"
#include "data/train_set.h"
#include "model/config.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace vremd {

// What one step of training looks at.
struct TrainBatch {
  at::Tensor crops;    // [n T, 3, H, W], frames of one sample side by side
  at::Tensor targets;  // [n, J, h, w]
  at::Tensor weights;  // [n, J]
};

// Cuts, changes and labels some samples. `augment` null: as they are. The result is a function of
// (seed, epoch, index in the epoch) alone.
TrainBatch make_batch(TrainSet& set, std::span<const int> samples, std::uint64_t first_index,
                      const ModelConfig& model, const AugmentConfig* augment, std::uint64_t seed,
                      std::uint64_t epoch);

}  // namespace vremd
