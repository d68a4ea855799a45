// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/people_network.h"
#include "detect/yolox.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace vremd::detect {

// YOLOX as a person detector, with the official preprocessing since 0.1.1.
class YoloxPeople : public PeopleNetwork {
 public:
  YoloxPeople(const io::SafetensorsFile& weights, const c10::Device& device, at::ScalarType type);

  std::vector<ops::ScoredBox> find(const Frame& frame, int size, double min_score) const override;
  std::vector<int> own_sizes() const override { return {input_size_}; }
  double own_nms_iou() const override { return 0.65; }

 private:
  c10::Device device_;
  at::ScalarType type_;
  Yolox network_;
  int input_size_;  // that it was trained with: "input_size" of the metadata
};

// A frame for YOLOX: BGR from 0 to 255, scaled by `scale` so that its longer side is `size`
// (bilinear without antialiasing, rounded, as OpenCV does), at the top left of size x size pixels
// of 114.
struct Letterbox {
  at::Tensor picture_nchw;  // [1, 3, size, size]
  double scale = 1;         // network pixels per frame pixel
};
Letterbox letterbox(const Frame& frame, int size, const c10::Device& device, at::ScalarType type);

// People in one map of YOLOX, [6, H, W] float32 on the CPU: object times person of at least
// `min_score`, boxes in network pixels. Appended in row-major order.
void decode_yolox(const at::Tensor& map_chw, int stride, double min_score,
                  std::vector<ops::ScoredBox>& boxes);

}  // namespace vremd::detect
