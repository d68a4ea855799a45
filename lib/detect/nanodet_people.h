// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/nanodet.h"
#include "detect/people_network.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace vremd::detect {

// NanoDet-g as a person detector.
class NanodetPeople : public PeopleNetwork {
 public:
  NanodetPeople(const io::SafetensorsFile& weights, const c10::Device& device, at::ScalarType type);

  std::vector<ops::ScoredBox> find(const Frame& frame, int size, double min_score) const override;
  std::vector<int> own_sizes() const override { return {416, 640}; }  // models/nanodet-g.md
  double own_nms_iou() const override { return 0.6; }

 private:
  c10::Device device_;
  at::ScalarType type_;
  Nanodet network_;
};

// A frame as the network sees it, and back.
struct NetworkPicture {
  at::Tensor picture_nchw;          // [1, 3, H, W], BGR, normalised
  double scale_x = 1, scale_y = 1;  // network pixels per frame pixel
};

// Longer side = `size` with the aspect kept (an antialiasing triangle filter), black to the right
// and below up to multiples of 32.
NetworkPicture network_picture(const Frame& frame, int size, const c10::Device& device,
                               at::ScalarType type);

// People in one map of NanoDet, [124, H, W] float32 on the CPU: scores of at least `min_score`,
// boxes in network pixels. Appended in row-major order.
void decode_people(const at::Tensor& map_chw, int stride, double min_score,
                   std::vector<ops::ScoredBox>& boxes);

}  // namespace vremd::detect
