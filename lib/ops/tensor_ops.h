// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ops as functions of tensors: shapes are checked, the device chooses the implementation.

#include "core/frame.h"
#include "core/geometry.h"
#include "ops/heatmap_decode.h"

#include <array>
#include <span>
#include <vector>

namespace at {
class Tensor;
}
namespace c10 {
struct Device;
}

namespace vremd::ops {

// How pixel values become the network's input: (value / 255 - mean) / std per channel of RGB.
struct Normalisation {
  std::array<double, 3> mean{0.485, 0.456, 0.406};  // ImageNet
  std::array<double, 3> std{0.229, 0.224, 0.225};
  bool raw = false;  // values 0...255 as they are (movenet scales inside)
  bool bgr = false;
};

struct CropRequest {
  const Frame* frame = nullptr;
  Affine2x3 crop_to_frame;
};

// Crops [N, 3, height, width], float32, on `device`. On the GPU each distinct frame is uploaded
// once. METHOD 1.3, 1.4.
at::Tensor warp_affine(std::span<const CropRequest> requests, int height, int width,
                       const Normalisation& normalisation, const c10::Device& device);

// heatmaps [N, K, H, W] float32 -> points [N, K, 3] float32 (x, y in heatmap pixels, score), on
// the same device.
at::Tensor heatmap_decode(const at::Tensor& heatmaps_nkhw, Decode decode, int blur = 11);

}  // namespace vremd::ops
