// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/report.h"
#include "train/run_folder.h"
#include "train/validation.h"

#include <string>

namespace vremd::train {

// Draws some network inputs to the picture `path`: of the validation set with the last predictions
// or, if `validation` is null, the first of the training set, augmented, with their targets. One
// row of crops each: previous, key (with the skeleton), next, and of the validation set the key
// frame with its annotation. Returns their number.
int write_samples(const std::string& path, Validation* validation, data::TrainSet& set,
                  const TrainConfig& config);

// Writes samples.png and report.html of a run: a summary with these facts, its curves and samples.
void write_report(const RunFolder& folder, Validation* validation, data::TrainSet& set,
                  const TrainConfig& config, const Facts& facts);

}  // namespace vremd::train
