// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/detector.h"

namespace vremd::detect {

// NanoDet-g (github.com/RangiLyu/nanodet): a CSP backbone of 3 x 3 convolutions, a path
// aggregation neck of sums, a head of two convolutions per stride. 34 convolutions with folded
// batch norms, LeakyReLU 0.1. Maps: 80 class logits, then 11 logits for each of left, top, right,
// bottom.
class Nanodet : public Detector {
 public:
  static constexpr int kClasses = 80;  // COCO; 0 is person
  static constexpr int kBins = 11;     // per side of the box
  static constexpr int kChannels = kClasses + 4 * kBins;

  Nanodet(const io::SafetensorsFile& file, const c10::Device& device, at::ScalarType type);

 private:
  std::array<at::Tensor, 3> run(const at::Tensor& pictures_nchw) const override;
  at::Tensor activated(const at::Tensor& x, const std::string& layer, int stride = 1) const;
  at::Tensor stage(const at::Tensor& x, int number) const;
};

// In the order of the TensorFlow.js graph.
std::vector<ConvShape> nanodet_layers();

// BGR, (value - mean) / std. Aspect kept (antialiasing triangle filter), padded with black on the
// right and at the bottom to multiples of 32.
DetectorInput nanodet_input(const Frame& frame, int size, const c10::Device& device,
                            at::ScalarType type);

void decode_nanodet(const at::Tensor& map_chw, int stride, double min_score,
                    std::vector<ops::ScoredBox>& boxes);

}  // namespace vremd::detect
