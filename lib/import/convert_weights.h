// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/safetensors.h"

#include <string>
#include <vector>

namespace vremd::importer {

struct ConvertWeightsConfig {
  std::vector<std::string> inputs;
  std::string output;
  std::string architecture = "auto";  // auto, movenet, nanodet, vitpose, vit, yolox
  std::string task;                   // pose or detect: an Error at weights for something else
  std::string to = "vremd";           // vremd (our file), huggingface (a folder)
  std::string dtype = "auto";         // of the written floats: fp16, bf16, fp32; auto: fp16 for
                                      // our file, fp32 for others
  int expert = 0;                     // of ViTPose+
  int heads = 0;                      // of a ViT's attention; 0: ViTPose's for its size
  bool info = false;                  // print what a weights file holds instead
  bool force = false;
};

// The weights of others -> our safetensors, and ours -> others'; an Error says what does not fit.
void convert_weights(const ConvertWeightsConfig& config);

// Configuration, names, shapes and hashes of a weights file, ours or others', on standard output.
void print_weights(const std::string& path);

// "vremd-convert weights ...": options, then one of the above. argv[0] is the tool.
int convert_weights_main(int argc, char** argv);

io::DType stored_type(const std::string& dtype);  // of our file: auto is fp16
void check_task(const ConvertWeightsConfig& config, const std::string& kind);

}  // namespace vremd::importer
