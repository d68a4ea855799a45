// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <string>
#include <vector>

namespace vremd::train {

// The names of the presets of METHOD 9, 10.2, 11.1 and 12, in the order of messages and --help.
std::vector<std::string> preset_names();

// Applies a preset to network, augmentation and training; the rest is unchanged. The
// test settings of a preset (METHOD 12) are options of vremd-pose. Error for an unknown name.
void apply_preset(TrainConfig& config, const std::string& name);

}  // namespace vremd::train
