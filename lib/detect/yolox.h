// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/detector.h"

#include <cstdint>
#include <map>
#include <string>

namespace vremd::detect {

// The YOLOX variant (arXiv 2107.08430, github.com/Megvii-BaseDetection/YOLOX).
struct YoloxShape {
  std::int64_t width = 32;  // stem channels: 16, 24, 32, 48, 64, 80 for nano, tiny, s ... x
  int depth = 1;            // bottlenecks of the first stage: 1, 1, 1, 2, 3, 4
  bool depthwise = false;   // nano: 3 x 3 convolutions are split into depthwise and pointwise
  std::int64_t classes = 80;

  std::string name() const;  // "yolox-s"; "yolox-custom" for other shapes
};

// A convolution with its folded batch norm: `name`.weight, `name`.bias.
struct YoloxLayer {
  std::string name;
  std::int64_t in, out, kernel;
  bool depthwise = false;  // one filter per channel

  std::vector<std::int64_t> weight_shape() const;
};

// All layers: "backbone" (CSPDarknet), "neck" (path aggregation), "head" (decoupled, strides 8, 16,
// 32), then the official names.
std::vector<YoloxLayer> yolox_layers(const YoloxShape& shape);

// YOLOX of any size, with SiLU. Only the first class, person, is computed.
class Yolox {
 public:
  static constexpr std::array<int, 3> kStrides{8, 16, 32};

  // Tensors of the weights file `path`. Error: one is missing, unknown or of the wrong shape.
  Yolox(const std::map<std::string, io::TensorView>& tensors, const std::string& path,
        const c10::Device& device, at::ScalarType type);

  const YoloxShape& shape() const { return shape_; }

  // pictures [N, 3, H, W]: BGR, 0 to 255, H and W multiples of 32, device and type of the weights.
  // Returns [N, 6, H / stride, W / stride] per stride: centre x, y relative to the cell, log width,
  // log height, all in strides; logits of objectness and person. Thread-safe.
  std::array<at::Tensor, 3> forward(const at::Tensor& pictures_nchw) const;

 private:
  struct Layer {
    at::Tensor weight, bias;
    std::int64_t groups = 1;
  };

  at::Tensor convolve(const at::Tensor& x, const std::string& name, int stride = 1) const;
  at::Tensor predict(const at::Tensor& x, const std::string& name) const;
  at::Tensor csp(const at::Tensor& x, const std::string& name, int bottlenecks,
                 bool shortcut) const;
  at::Tensor spp(const at::Tensor& x, const std::string& name) const;

  YoloxShape shape_;
  std::map<std::string, Layer> layers_;
};

// The variant with these weight shapes, by YoloxLayer::name. Error: not a YOLOX.
YoloxShape yolox_shape(const std::map<std::string, std::vector<std::int64_t>>& sizes,
                       const std::string& path);

// With the official preprocessing since 0.1.1.
class YoloxDetector : public Detector {
 public:
  YoloxDetector(const io::SafetensorsFile& weights, const c10::Device& device, at::ScalarType type);

  std::vector<ops::ScoredBox> detect(const Frame& frame, int size, double min_score) const override;
  std::vector<int> default_sizes() const override { return {input_size_}; }
  double nms_iou() const override { return 0.65; }

 private:
  c10::Device device_;
  at::ScalarType type_;
  Yolox network_;
  int input_size_;  // of the training: "input_size" in the metadata
};

// BGR from 0 to 255, scaled so that the longer side is `size` (bilinear without antialiasing,
// rounded, as in OpenCV), in the top left corner of size x size pixels of 114.
struct Letterbox {
  at::Tensor picture_nchw;  // [1, 3, size, size]
  double scale = 1;         // network pixels per frame pixel
};
Letterbox letterbox(const Frame& frame, int size, const c10::Device& device, at::ScalarType type);

// MapDecoder of YOLOX, [6, H, W]; score = objectness x person.
void decode_yolox(const at::Tensor& map_chw, int stride, double min_score,
                  std::vector<ops::ScoredBox>& boxes);

}  // namespace vremd::detect
