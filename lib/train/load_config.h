// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <string>

namespace vremd {

// The configuration that a user's JSON asks for. Later ones win: the defaults; the network of
// start.weights, whose file is looked into; the preset that `preset` or else the key "preset" names;
// the other keys. Error: a preset of another network than that of start.weights.
TrainConfig load_train_config(const Json& json, const std::string& place,
                              const std::string& preset = "");

}  // namespace vremd
