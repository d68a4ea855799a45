// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/enum_names.h"

#include <array>
#include <optional>
#include <string>

namespace vremd::importer {

enum class Network { kMovenet, kNanodet, kVitpose, kVit, kYolox };
constexpr auto enum_names(Network) {
  return std::array{"movenet", "nanodet", "vitpose", "vit", "yolox"};
}

enum class Task { kPose, kDetect };
constexpr auto enum_names(Task) { return std::array{"pose", "detect"}; }

enum class OutputForm { kVremd, kHuggingFace };  // our file, or a directory
constexpr auto enum_names(OutputForm) { return std::array{"vremd", "huggingface"}; }

enum class NumberFormat { kFp16, kBf16, kFp32 };
constexpr auto enum_names(NumberFormat) { return std::array{"fp16", "bf16", "fp32"}; }

struct ConvertWeightsConfig {
  std::string input, output;
  std::optional<Network> network;  // Error for weights of another network or task
  std::optional<Task> task;
  OutputForm to = OutputForm::kVremd;
  std::optional<NumberFormat> format;  // of matrices; fp16, for Hugging Face fp32
  int expert = 0;                      // of ViTPose+
  int heads = 0;                       // attention heads of a ViT; 0: as in ViTPose for its size
  bool force = false;
};

// Imports foreign weights as our safetensors, or exports ours.
void convert_weights(const ConvertWeightsConfig& config);

// Prints metadata, tensor names, shapes and hashes of any supported weights file to stdout.
void print_weights(const std::string& path);

}  // namespace vremd::importer
