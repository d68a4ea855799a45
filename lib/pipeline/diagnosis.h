// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace vremd::pipeline {

// What a bug report needs to say of the machine: system, processor and its limits, memory,
// libraries and decoders, devices, models, folders, variables of the environment. Lines
// "what: value". `models`: names or paths of weights; `output`: a folder that should be writable.
std::string diagnosis(const std::vector<std::string>& models, const std::string& output);

}  // namespace vremd::pipeline
