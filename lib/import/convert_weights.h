// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace vremd::importer {

struct ConvertWeightsConfig {
  std::vector<std::string> inputs;
  std::string output;
  std::string architecture = "auto";  // auto, movenet, nanodet, vitpose, vit, yolox
  std::string task;                   // pose or detect: Error for weights of the other task
  std::string to = "vremd";           // vremd (our file), huggingface (a directory)
  std::string dtype = "auto";         // fp16, bf16, fp32; auto: fp16 (huggingface: fp32)
  int expert = 0;                     // of ViTPose+
  int heads = 0;                      // attention heads of a ViT; 0: as in ViTPose for its size
  bool info = false;                  // print the contents of weights files instead
  bool force = false;
};

// Imports foreign weights as our safetensors, or exports ours.
void convert_weights(const ConvertWeightsConfig& config);

// Prints metadata, tensor names, shapes and hashes of any supported weights file to stdout.
void print_weights(const std::string& path);

// Entry point of vremd-convert weights.
int convert_weights_main(int argc, char** argv);

}  // namespace vremd::importer
