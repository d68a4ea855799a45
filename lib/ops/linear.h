// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/packed_weight.h"

namespace vremd::ops {

// x W^T + b over the last axis of x; w [out, in], b [out] or undefined.
at::Tensor linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b);

// The same by oneDNN with `packed`: on the CPU, in float32 and bfloat16, without gradient
// (METHOD 11.5: the wheel's fp32 product is slow on some machines). The choice is deterministic,
// because the last bits depend on it.
at::Tensor linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b,
                  PackedWeight& packed);

// The implementation in float32: "onednn", or "mkl" for LibTorch's own. The environment variable
// VREMD_LINEAR overrides the choice.
const char* linear_implementation();

}  // namespace vremd::ops
