// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <mutex>

namespace vremd::ops {

// The weight of one linear layer in the order that oneDNN wants. The layer owns it beside its
// weight; it is made at first use and again when the weight has changed. Threads may share it.
class PackedWeight {
 public:
  // `weight` [out, in] on the CPU; changes in place are seen, except those of a tensor that was
  // made in inference mode (it counts no versions).
  at::Tensor of(const at::Tensor& weight);

 private:
  std::mutex mutex_;
  at::Tensor source_;  // keeps the storage, so that its address stays this weight's
  std::int64_t version_ = 0;
  at::Tensor packed_;
};

// x W^T + b over the last axis of x; w [out, in], b [out] or undefined. The one place for it
// (PERF 5): the wheel's fp32 matrix product is slow on some machines, its oneDNN is not.
at::Tensor linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b);

// The same by oneDNN with `packed` on the CPU, in float32 and bfloat16, where no gradient is
// needed. A fixed rule, never a race: the implementation decides the last bits.
at::Tensor linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b,
                  PackedWeight& packed);

// What the second form uses in float32: "onednn", or "mkl" for LibTorch's own. The environment
// variable VREMD_LINEAR with one of these words chooses, to compare.
const char* linear_implementation();

}  // namespace vremd::ops
