// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace vremd::ops {

// The weight of a layer in oneDNN's order, owned by the layer. Packed at first use and after
// changes of the weight. Thread-safe.
class PackedWeight {
 public:
  // `weight` is on the CPU. Changes in place are detected, except for inference tensors, which have
  // no version counter. `input`: the shape of the input, if the order depends on it; an order is
  // kept for each of the last few.
  at::Tensor of(const at::Tensor& weight, const std::function<at::Tensor(const at::Tensor&)>& pack,
                at::IntArrayRef input = {});

 private:
  struct Packed {
    std::vector<std::int64_t> input;
    at::Tensor weight;
  };
  std::mutex mutex_;
  at::Tensor source_;  // keeps the storage alive, so that its address stays unique
  std::int64_t version_ = 0;
  std::deque<Packed> packed_;
};

// An operator of the wheel's oneDNN is used for a type if it agrees with LibTorch's own, unless the
// environment variable `variable` says otherwise: "onednn", or `own` for LibTorch's. Errors:
// another value, or "onednn" although it does not agree. `agrees` may throw.
bool onednn_chosen(const char* variable, const char* own, const char* what, at::ScalarType type,
                   const std::function<bool()>& agrees);

// Whether an op with these tensors records a gradient.
bool needs_gradient(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b);

}  // namespace vremd::ops
