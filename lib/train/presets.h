// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <string>
#include <vector>

namespace vremd::train {

// Names of the presets of METHOD 9, 10.2, 11.1 and 12, in the order of --help.
std::vector<std::string> preset_names();

// Applies the network, augmentation and training settings of a preset; its test-time settings are
// options of vremd-pose. Error: unknown name.
void apply_preset(TrainConfig& config, const std::string& name);

// The configuration of a user's JSON. In order of increasing precedence: the defaults; the network
// stored in start.weights; the preset `preset` or, if empty, that of the key "preset"; the other
// keys. Error: the preset has a different network than start.weights.
TrainConfig load_train_config(const Json& json, const std::string& place,
                              const std::string& preset = "");

}  // namespace vremd::train
