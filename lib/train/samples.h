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

// A sample as the network sees it, for people to look at.
struct DrawnSample {
  at::Tensor crops;  // [T, 3, H, W], normalised
  at::Tensor heat;   // [h, w], 0...1, painted over the key frame's crop; undefined: nothing
  std::vector<io::Keypoint> joints;  // crop pixels; score 0: not drawn
};

// The first samples of an epoch as they are augmented, with their targets.
std::vector<DrawnSample> training_samples(data::TrainSet& set, const TrainConfig& config,
                                          int count);

// People of the validation set, evenly spread, with the joints that were predicted last.
std::vector<DrawnSample> validation_samples(Validation& validation, const TrainConfig& config,
                                            int count);

// samples.png and report.html of a run: its curves, and people of the validation set as they were
// predicted last, or without one (null) of the training set as they are learnt.
void write_report(const RunFolder& folder, Validation* validation, data::TrainSet& set,
                  const TrainConfig& config);

// A row of crops for each sample: previous, key, next; the skeleton is on the key frame.
draw::Canvas draw_samples(const std::vector<DrawnSample>& samples, const TrainConfig& config);

}  // namespace vremd::train
