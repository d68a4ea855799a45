// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace at {
class Tensor;
}

namespace vremd::ops {

// dca_attention.h as a function of tensors: q, k, v [B, N, D], maps of height x width = N cells;
// location [B, N, G, P, 2]; all float32 on one device -> [B, N, D]. No gradient.
at::Tensor dca_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const at::Tensor& location, std::int64_t height, std::int64_t width,
                         std::int64_t heads, bool zeros);

}  // namespace vremd::ops
