// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "io/safetensors.h"
#include "ops/nms.h"

#include <ATen/core/Tensor.h>

#include <array>
#include <cmath>
#include <vector>

namespace vremd::detect {

constexpr int kSizeStep = 32;  // input sides are multiples of this

// A detector network with its pre- and postprocessing. Threads may share it.
class Detector {
 public:
  virtual ~Detector() = default;

  // People with a score of at least `min_score`, in frame pixels. `size` is the longer side of the
  // frame after scaling. Boxes are not suppressed and may extend beyond the frame.
  virtual std::vector<ops::ScoredBox> detect(const Frame& frame, int size,
                                             double min_score) const = 0;

  virtual std::vector<int> default_sizes() const = 0;
  virtual double nms_iou() const = 0;  // boxes that overlap by more are the same person
};

// Decodes one map [C, H, W], float32 on the CPU; appends the people in network pixels, row-major.
using MapDecoder = void (*)(const at::Tensor& map_chw, int stride, double min_score,
                            std::vector<ops::ScoredBox>& boxes);

// Decodes the maps [1, C, H, W] of a frame into frame pixels; scale: network per frame pixels.
std::vector<ops::ScoredBox> decode_maps(const std::array<at::Tensor, 3>& maps_nchw,
                                        const std::array<int, 3>& strides, MapDecoder decode,
                                        double min_score, double scale_x, double scale_y);

at::Tensor rgb_nchw(const Frame& frame);  // bytes [1, 3, H, W], a view of the frame

inline double sigmoid(float logit) { return 1 / (1 + std::exp(-static_cast<double>(logit))); }

}  // namespace vremd::detect
