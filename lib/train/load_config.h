// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <string>

namespace vremd::train {

// The configuration that a user's JSON asks for. Later ones win: the defaults; the network of
// start.weights, which is read from that file; the preset named by `preset` or else by the key
// "preset"; the other keys. Error: a preset of another network than that of start.weights.
TrainConfig load_train_config(const Json& json, const std::string& place,
                              const std::string& preset = "");

}  // namespace vremd::train
