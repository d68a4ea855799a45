// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace vremd::pipeline {

// Lines of --version: LibTorch, CUDA, FFmpeg, build type.
std::vector<std::string> library_versions();

}  // namespace vremd::pipeline
