// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/packed_weight.h"

#include <cstdint>

namespace vremd::ops {

// What follows a convolution, in the same pass over its output.
enum class Activation { kNone, kRelu, kRelu6, kLeakyRelu };  // max(x, 0.1 x)

struct ConvShape {
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};

// Convolution of x [n, in, H, W] with w [out, in / groups, k, k] and b [out] or undefined, then the
// activation.
at::Tensor conv2d(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b,
                  const ConvShape& shape, Activation activation);

// The same by oneDNN with `packed`: on the CPU, in float32 and bfloat16, without gradient
// (METHOD 11.5). The result is channels-last. The choice is deterministic, because the last bits
// depend on it. Always with the same ConvShape.
at::Tensor conv2d(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b,
                  const ConvShape& shape, Activation activation, PackedWeight& packed);

// "onednn", or "plain" for LibTorch's own. The environment variable VREMD_CONV overrides it.
const char* conv2d_implementation();

}  // namespace vremd::ops
