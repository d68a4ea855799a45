// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/detector.h"

namespace vremd::detect {

// The YOLOX variant (arXiv 2107.08430, github.com/Megvii-BaseDetection/YOLOX).
struct YoloxShape {
  std::int64_t width = 32;  // stem channels: 16, 24, 32, 48, 64, 80 for nano, tiny, s ... x
  int depth = 1;            // bottlenecks of the first stage: 1, 1, 1, 2, 3, 4
  bool depthwise = false;   // nano: 3 x 3 convolutions are split into depthwise and pointwise
  std::int64_t classes = 80;

  std::string name() const;  // "yolox-s"; "yolox-custom" for other shapes
};

// All layers: "backbone" (CSPDarknet), "neck" (path aggregation), "head" (decoupled), then the
// official names.
std::vector<ConvShape> yolox_layers(const YoloxShape& shape);

// The variant with these weight shapes, by layer. Error: not a YOLOX.
YoloxShape yolox_shape(const std::map<std::string, std::vector<std::int64_t>>& sizes,
                       const std::string& path);

// YOLOX of any size, with SiLU and the official preprocessing since 0.1.1. Only the first class,
// person, is computed. Maps of 6 channels: centre x, y relative to the cell, log width, log height,
// all in strides; logits of objectness and person.
class Yolox : public Detector {
 public:
  // `input_size`: longer side of the training.
  Yolox(const std::map<std::string, io::TensorView>& tensors, const std::string& path,
        const c10::Device& device, at::ScalarType type, int input_size = 640);

  const YoloxShape& shape() const { return shape_; }

 private:
  Yolox(const YoloxShape& shape, const std::map<std::string, io::TensorView>& tensors,
        const std::string& path, const c10::Device& device, at::ScalarType type, int input_size);
  std::array<at::Tensor, 3> run(const at::Tensor& pictures_nchw) const override;
  at::Tensor activated(const at::Tensor& x, const std::string& name, int stride = 1) const;
  at::Tensor csp(const at::Tensor& x, const std::string& name, int bottlenecks,
                 bool shortcut) const;
  at::Tensor spp(const at::Tensor& x, const std::string& name) const;

  YoloxShape shape_;
};

// "input_size" in the metadata. Error: missing or not a multiple of 32.
int yolox_input_size(const io::SafetensorsFile& weights);

// BGR from 0 to 255, scaled bilinearly without antialiasing and rounded, as in OpenCV, in the top
// left corner of size x size pixels of 114.
DetectorInput letterbox(const Frame& frame, int size, const c10::Device& device,
                        at::ScalarType type);

// score = objectness x person
void decode_yolox(const at::Tensor& map_chw, int stride, double min_score,
                  std::vector<ops::ScoredBox>& boxes);

}  // namespace vremd::detect
