// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace vremd::train {

// The factor on the learning rate at `step` (from 0) of `steps`, METHOD 10.2. A milestone of 16
// means: epochs 1-16 at the full rate, later ones at gamma times it.
inline double learning_rate_factor(const TrainConfig::Train& config, double step, double steps,
                                   double steps_per_epoch, double warmup) {
  const double start = warmup > 0 ? std::min(1.0, (step + 1) / warmup) : 1;
  if (config.schedule == Schedule::kCosine) {
    return start * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, step / steps)));
  }
  double factor = start;
  for (const double milestone : config.milestones) {
    if (step >= milestone * steps_per_epoch) factor *= config.gamma;
  }
  return factor;
}

}  // namespace vremd::train
