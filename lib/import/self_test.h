// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/yolox.h"
#include "io/safetensors.h"
#include "model/vremd.h"

#include <string>

namespace vremd::importer {

// A forward pass of a fixed pattern in the place of a crop.
struct SelfTest {
  double low = 0, high = 0;  // of the heatmaps, a backbone's features, a detector's maps
  double difference = 0;     // the largest, of the stored numbers' result to that in float32
  std::string text() const;  // one line of the above
};

// Rounds the matrices of a single-frame model to `dtype`, as save_model() stores them, and
// compares its heatmaps (its features, where the head does not count) with those before. An Error
// "path: what" where one is not finite, or where they differ by more than kMaxRounding of the
// largest one. The model stays rounded.
SelfTest self_test(model::VremdImpl& model, bool with_head, io::DType dtype,
                   const std::string& path);

// The same of a detector, by its weights in float32 and as they will be stored.
SelfTest self_test(const detect::Yolox& exact, const detect::Yolox& stored, io::DType dtype,
                   const std::string& path);

// fp16 keeps 11 bits, bf16 8: what was measured on random weights of ViTPose's sizes is 0.0014 and
// 0.011 of the largest value.
constexpr double kMaxRoundingFp16 = 0.02, kMaxRoundingBf16 = 0.15;

}  // namespace vremd::importer
