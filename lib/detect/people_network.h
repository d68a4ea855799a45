// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "ops/nms.h"

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <array>
#include <memory>
#include <vector>

namespace vremd::io {
class SafetensorsFile;
}

namespace vremd::detect {

constexpr int kNetworkStep = 32;  // sides of every network's input are multiples

// What finds people in single frames, whatever its architecture. Threads may share it.
class PeopleNetwork {
 public:
  virtual ~PeopleNetwork() = default;

  // People of at least `min_score` in frame pixels, where the longer side of the frame is `size`
  // for the network. Several boxes may be the same person; they may reach out of the frame.
  virtual std::vector<ops::ScoredBox> find(const Frame& frame, int size,
                                           double min_score) const = 0;

  virtual std::vector<int> own_sizes() const = 0;  // that are taken where nobody asks for others
  virtual double own_nms_iou() const = 0;          // two boxes with more are the same person
};

// People in one map [C, H, W] float32 on the CPU, in network pixels, appended in row-major order.
using PeopleDecoder = void (*)(const at::Tensor& map_chw, int stride, double min_score,
                               std::vector<ops::ScoredBox>& boxes);

// Those of all maps [1, C, H, W] of one frame, in frame pixels; scale: network pixels per those.
std::vector<ops::ScoredBox> decode_maps(const std::array<at::Tensor, 3>& maps_nchw,
                                        const std::array<int, 3>& strides, PeopleDecoder decode,
                                        double min_score, double scale_x, double scale_y);

// By the architecture that the weights name. An Error for those of something else.
std::unique_ptr<PeopleNetwork> make_people_network(const io::SafetensorsFile& weights,
                                                   const c10::Device& device, at::ScalarType type);

}  // namespace vremd::detect
