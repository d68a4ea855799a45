// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace vremd::pipeline {

// What --version tells of the libraries: LibTorch, CUDA, FFmpeg, the kind of build.
std::vector<std::string> library_versions();

}  // namespace vremd::pipeline
