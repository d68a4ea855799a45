// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/detector.h"

#include <map>
#include <string>

namespace vremd::detect {

// NanoDet-g (github.com/RangiLyu/nanodet): a CSP backbone of 3 x 3 convolutions, a path
// aggregation neck of sums, a head of two convolutions per stride. 34 convolutions with folded
// batch norms, LeakyReLU 0.1.
class Nanodet {
 public:
  static constexpr std::array<int, 3> kStrides{8, 16, 32};
  static constexpr int kClasses = 80;  // COCO; 0 is person
  static constexpr int kBins = 11;     // per side of the box
  static constexpr int kChannels = kClasses + 4 * kBins;

  // Error: a tensor is missing, unknown or of the wrong shape.
  Nanodet(const io::SafetensorsFile& file, const c10::Device& device, at::ScalarType type);

  // pictures [N, 3, H, W]: BGR, (value - mean) / std, H and W multiples of 32, device and type of
  // the weights. Returns [N, 124, H / stride, W / stride] per stride: 80 class logits, then 11
  // logits for each of left, top, right, bottom. Thread-safe.
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

class NanodetDetector : public Detector {
 public:
  NanodetDetector(const io::SafetensorsFile& weights, const c10::Device& device,
                  at::ScalarType type);

  std::vector<ops::ScoredBox> detect(const Frame& frame, int size, double min_score) const override;
  std::vector<int> default_sizes() const override { return {416, 640}; }  // models/nanodet-g.md
  double nms_iou() const override { return 0.6; }

 private:
  c10::Device device_;
  at::ScalarType type_;
  Nanodet network_;
};

// Longer side = `size`, aspect kept (antialiasing triangle filter), padded with black on the right
// and at the bottom to multiples of 32.
struct NanodetInput {
  at::Tensor picture_nchw;          // [1, 3, H, W], BGR, normalised
  double scale_x = 1, scale_y = 1;  // network pixels per frame pixel
};
NanodetInput nanodet_input(const Frame& frame, int size, const c10::Device& device,
                           at::ScalarType type);

// MapDecoder of NanoDet, [124, H, W].
void decode_nanodet(const at::Tensor& map_chw, int stride, double min_score,
                    std::vector<ops::ScoredBox>& boxes);

}  // namespace vremd::detect
