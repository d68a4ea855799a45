// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <mutex>

namespace vremd::ops {

// The weight of a linear layer in oneDNN's order, owned by the layer. Packed at first use and after
// changes of the weight. Thread-safe.
class PackedWeight {
 public:
  // `weight` [out, in] on the CPU. Changes in place are detected, except for inference tensors,
  // which have no version counter.
  at::Tensor of(const at::Tensor& weight);

 private:
  std::mutex mutex_;
  at::Tensor source_;  // keeps the storage alive, so that its address stays unique
  std::int64_t version_ = 0;
  at::Tensor packed_;
};

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
