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

// Whether an operator of the wheel's oneDNN is used: for float32 and bfloat16 if it agrees with
// LibTorch's own there, unless the environment variable `variable` says otherwise: "onednn", or
// `own` for LibTorch's. Found out once for each type. Thread-safe.
class OnednnChoice {
 public:
  // `agrees` may throw. `what`: for messages.
  OnednnChoice(const char* variable, const char* own, const char* what,
               bool (*agrees)(at::ScalarType))
      : variable_(variable), own_(own), what_(what), agrees_(agrees) {}

  // Errors: another value of the variable, or "onednn" although it does not agree.
  bool operator()(at::ScalarType type);

 private:
  bool choose(at::ScalarType type) const;

  const char *variable_, *own_, *what_;
  bool (*agrees_)(at::ScalarType);
  std::once_flag float_once_, bfloat16_once_;
  bool in_float_ = false, in_bfloat16_ = false;
};

// Whether an op with these tensors records a gradient.
bool needs_gradient(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b);

}  // namespace vremd::ops
