// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <string>

namespace vremd::train {

// Dry run: prints the numbers of people, labels and steps and the first missing files, and draws
// some augmented samples with their targets to `folder`/samples.png. False: files are missing.
bool preview(const TrainConfig& config, const std::string& folder);

}  // namespace vremd::train
