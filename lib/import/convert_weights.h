// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace vremd {

struct ConvertWeightsConfig {
  std::vector<std::string> inputs;
  std::string output;
  std::string architecture = "auto";  // auto, movenet, nanodet
  std::string dtype = "fp16";         // of the written floats: fp16, bf16, fp32
  bool info = false;                  // print what a weights file holds instead
  bool force = false;
};

// The weights of others -> our safetensors; an Error says what does not fit.
void convert_weights(const ConvertWeightsConfig& config);

// Configuration, names, shapes and hashes of a weights file, on standard output.
void print_weights(const std::string& path);

// "vremd-convert weights ...": options, then one of the above. argv[0] is the tool.
int convert_weights_main(int argc, char** argv);

}  // namespace vremd
