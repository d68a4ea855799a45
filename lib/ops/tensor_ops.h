// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ops on tensors: shapes are checked, the device determines the implementation.

#include "core/frame.h"
#include "core/geometry.h"
#include "ops/heatmap_decode.h"
#include "ops/warp_affine.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace at {
class Tensor;
}
namespace c10 {
struct Device;
}

namespace vremd::ops {

// Network input: (value / 255 - mean) / std per RGB channel.
struct Normalisation {
  std::array<double, 3> mean{0.485, 0.456, 0.406};  // ImageNet
  std::array<double, 3> std{0.229, 0.224, 0.225};
  bool raw = false;  // values stay 0...255 (movenet scales internally)
  bool bgr = false;
};

struct CropRequest {
  const Frame* frame = nullptr;
  Affine2x3 crop_to_frame;
};

// Crops [N, 3, height, width], float32, on the CPU. METHOD 1.3, 1.4.
at::Tensor warp_affine(std::span<const CropRequest> requests, int height, int width,
                       const Normalisation& normalisation);

// For crops of frames that are in the memory of a device: the arguments without pointers, and the
// crops, on LibTorch's current stream of a GPU.
WarpAffineArgs warp_affine_args(int count, int height, int width,
                                const Normalisation& normalisation);
void warp_affine(const WarpAffineArgs& args, const c10::Device& device);

// Error: a request without a frame, or `index`'s frame has not the bytes of its size.
void check_request(const CropRequest& request, std::size_t index);

// heatmaps [N, K, H, W] float32 -> points [N, K, 3] float32 (x, y in heatmap pixels, score), on
// the same device.
at::Tensor heatmap_decode(const at::Tensor& heatmaps_nkhw, Decode decode, int blur = 11);

// See dca_attention.h: q, k, v [B, N, D], maps of height x width = N cells; location [B, N, G, P,
// 2]; all float32 on one device -> [B, N, D]. No gradient.
at::Tensor dca_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const at::Tensor& location, std::int64_t height, std::int64_t width,
                         std::int64_t heads, bool zeros);

}  // namespace vremd::ops
