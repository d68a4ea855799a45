// SPDX-License-Identifier: Apache-2.0
#include "ops/linear.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linear.h>

#include <optional>
#include <string_view>

namespace vremd::ops {
namespace {

// oneDNN of the wheel, which has no C++ header, by operator name.
at::Tensor pack(const at::Tensor& weight) {
  using Pack = at::Tensor(const at::Tensor& weight, std::optional<std::int64_t> batch_size);
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                             .typed<Pack>();
  return op.call(weight, std::nullopt);
}

at::Tensor multiply(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& b) {
  using Multiply = at::Tensor(const at::Tensor& x, const at::Tensor& packed,
                              const std::optional<at::Tensor>& bias, std::string_view after,
                              c10::List<std::optional<at::Scalar>> scalars,
                              std::optional<std::string_view> algorithm);
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
                             .typed<Multiply>();
  return op.call(x, packed, b.defined() ? std::optional(b) : std::nullopt, "none",
                 c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

// Compares both implementations on fixed numbers; the sizes are not multiples of a vector.
bool agrees(at::ScalarType type) {
  const auto numbers = [&](std::int64_t rows, std::int64_t columns, double step) {
    return at::arange(rows * columns, at::kFloat).mul(step).sin().view({rows, columns}).to(type);
  };
  const at::Tensor x = numbers(37, 50, 1.3), w = numbers(70, 50, 0.7);
  const at::Tensor b = numbers(1, 70, 2.1).view({70});
  const at::Tensor expected = at::linear(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble));
  const at::Tensor difference = multiply(x, pack(w), b).to(at::kDouble).sub(expected);
  const double error =
      difference.square().sum().item().toDouble() / expected.square().sum().item().toDouble();
  return error < (type == at::kFloat ? 1e-10 : 1e-4);
}

bool by_onednn(at::ScalarType type) {
  static OnednnChoice choice("VREMD_LINEAR", "mkl", "linear layers", agrees);
  return choice(type);
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
  return at::linear(x, w, b.defined() ? std::optional(b) : std::nullopt);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b,
                  PackedWeight& packed) {
  // Also for wrong shapes, which at::linear reports.
  const bool plain = !x.is_cpu() || !w.is_cpu() || x.scalar_type() != w.scalar_type() ||
                     x.numel() == 0 || x.dim() == 0 || w.dim() != 2 || x.size(-1) != w.size(1) ||
                     needs_gradient(x, w, b) || !by_onednn(w.scalar_type());
  return plain ? linear(x, w, b) : multiply(x, packed.of(w, pack), b);
}

const char* linear_implementation() { return by_onednn(at::kFloat) ? "onednn" : "mkl"; }

}  // namespace vremd::ops
