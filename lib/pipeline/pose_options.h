// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "ops/heatmap_decode.h"

#include <string>
#include <vector>

namespace vremd {

// What the words of the command line mean for a model. Errors name the option.

bool is_decode(const std::string& text);  // what parse_decode() takes
// "auto": dark_udp for udp geometry, quarter for classic (METHOD 2.2); MoveNet's own head makes true
// Gaussians, which dark_udp reads to a hundredth of a pixel.
Decode parse_decode(const std::string& text, const ModelConfig& config);

// Indices of the model's joints: "" = all that it was trained for, else a named set or names
// separated by commas. A joint that the model does not know is an Error.
std::vector<int> parse_joints(const std::string& text, const ModelConfig& config);

// The set that those indices write.
JointSet selected_joints(const std::vector<int>& joints, const ModelConfig& config);

}  // namespace vremd
