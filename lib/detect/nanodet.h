// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <map>
#include <string>

namespace vremd::io {
class SafetensorsFile;
}

namespace vremd::detect {

// NanoDet-g (github.com/RangiLyu/nanodet): a CSP backbone of 3 x 3 convolutions, a path
// aggregation neck of sums, a head of two convolutions at each stride. 34 convolutions, batch
// norms folded, LeakyReLU 0.1.
class Nanodet {
 public:
  static constexpr std::array<int, 3> kStrides{8, 16, 32};
  static constexpr int kClasses = 80;  // of COCO; 0 is person
  static constexpr int kBins = 11;     // of each side's distance
  static constexpr int kChannels = kClasses + 4 * kBins;

  // Names and shapes must agree in both directions: the Error names the first that does not.
  Nanodet(const io::SafetensorsFile& file, const c10::Device& device, at::ScalarType type);

  // pictures [N, 3, H, W]: BGR, (value - mean) / std, sides that are multiples of 32, on the
  // device and in the type of the weights. Gives for each stride [N, 124, H / stride, W / stride]:
  // 80 class logits, then 11 logits for each of left, top, right, bottom. Threads may share it.
  std::array<at::Tensor, 3> forward(const at::Tensor& pictures_nchw) const;

 private:
  struct Layer {
    at::Tensor weight, bias;
  };
  enum class Activation { kNone, kLeaky };

  at::Tensor convolve(const at::Tensor& x, const std::string& name, int stride = 1,
                      Activation activation = Activation::kLeaky) const;
  at::Tensor stage(const at::Tensor& x, int number) const;

  std::map<std::string, Layer> layers_;
};

}  // namespace vremd::detect
