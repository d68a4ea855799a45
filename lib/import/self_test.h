// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/yolox.h"
#include "io/safetensors.h"
#include "model/vremd.h"

#include <string>

namespace vremd::importer {

// Forward pass of a fixed test pattern.
struct SelfTest {
  double low = 0, high = 0;  // range of the heatmaps, features or detector maps
  double difference = 0;     // largest deviation of the stored weights' result from that in float32
  std::string text() const;  // as one line
};

// Rounds the matrices of a single-frame model to `dtype`, as save_model() stores them, and compares
// its heatmaps (features without a head) with those before. Error "path: what" if a value is not
// finite, or if they differ by more than kMaxRounding of the largest. The model stays rounded.
SelfTest self_test(model::VremdImpl& model, bool with_head, io::DType dtype,
                   const std::string& path);

// The same for a detector with float32 and with stored weights.
SelfTest self_test(const detect::Yolox& exact, const detect::Yolox& stored, io::DType dtype,
                   const std::string& path);

// fp16 keeps 11 bits, bf16 8. Measured on random weights of ViTPose's sizes: 0.0014 and 0.011 of
// the largest value.
constexpr double kMaxRoundingFp16 = 0.02, kMaxRoundingBf16 = 0.15;

}  // namespace vremd::importer
