// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/canvas.h"
#include "io/records.h"
#include "model/config.h"
#include "train/run_folder.h"
#include "train/validation.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace vremd::train {

// A network input to be drawn.
struct DrawnSample {
  at::Tensor crops;  // [T, 3, H, W], normalised
  at::Tensor heat;   // [h, w], 0...1, drawn over the key frame's crop; may be undefined
  std::vector<io::Keypoint> joints;  // crop pixels; score 0: not drawn
};

// The first augmented samples of an epoch with their targets.
std::vector<DrawnSample> training_samples(data::TrainSet& set, const TrainConfig& config,
                                          int count);

// Evenly spread people of the validation set with their last predictions.
std::vector<DrawnSample> validation_samples(Validation& validation, const TrainConfig& config,
                                            int count);

// Writes samples.png and report.html of a run: its curves, and validation samples or, if
// `validation` is null, training samples.
void write_report(const RunFolder& folder, Validation* validation, data::TrainSet& set,
                  const TrainConfig& config);

// One row of crops per sample: previous, key (with the skeleton), next.
draw::Canvas draw_samples(const std::vector<DrawnSample>& samples, const TrainConfig& config);

}  // namespace vremd::train
