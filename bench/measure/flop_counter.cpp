// SPDX-License-Identifier: Apache-2.0
#include "measure/flop_counter.h"

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <cstdint>
#include <string_view>

namespace vremd::bench {
namespace {

thread_local double counted = 0;

const at::Tensor& tensor(const at::RecordFunction& call, std::size_t i) {
  return call.inputs()[i].toTensor();
}

// Of an input x [n, in, cells...] with w [out, in / groups, kernel...]; transposed: w [in, out /
// groups, kernel...].
double convolution(const at::RecordFunction& call) {
  const at::Tensor &x = tensor(call, 0), &w = tensor(call, 1);
  const double per_cell = static_cast<double>(w.numel()) / static_cast<double>(w.size(0));
  if (call.inputs()[6].toBool()) return 2 * per_cell * static_cast<double>(x.numel());
  // One number for all axes, or one for each.
  const auto setting = [&](std::size_t input, std::int64_t axis) {
    const auto values = call.inputs()[input].toIntVector();
    return values.size() == 1 ? values[0] : values.at(static_cast<std::size_t>(axis));
  };
  double cells = static_cast<double>(x.size(0) * w.size(0));
  for (std::int64_t axis = 0; axis < w.dim() - 2; ++axis) {
    const std::int64_t reach = setting(5, axis) * (w.size(axis + 2) - 1) + 1;
    const std::int64_t room = x.size(axis + 2) + 2 * setting(4, axis) - reach;
    cells *= static_cast<double>(room / setting(3, axis) + 1);
  }
  return 2 * per_cell * cells;
}

// The same by oneDNN: x, packed w [(groups, out / groups or out), in / groups, h, w], b, padding,
// stride, dilation, ...
double packed_convolution(const at::RecordFunction& call) {
  const at::Tensor &x = tensor(call, 0), &w = tensor(call, 1);
  double cells = static_cast<double>(x.size(0));
  for (const std::int64_t axis : {0, 1}) {
    const auto setting = [&](std::size_t input) {
      return call.inputs()[input].toIntVector().at(static_cast<std::size_t>(axis));
    };
    const std::int64_t reach = setting(5) * (w.size(axis - 2) - 1) + 1;
    cells *= static_cast<double>((x.size(axis - 2) + 2 * setting(3) - reach) / setting(4) + 1);
  }
  return 2 * static_cast<double>(w.numel()) * cells;
}

double product(const at::Tensor& a, const at::Tensor& b) {  // [.., n, k] [.., k, m]
  return 2 * static_cast<double>(a.numel()) * static_cast<double>(b.size(-1));
}

// The ops that compute products themselves; those that call them are not among them.
double flops_of(const at::RecordFunction& call) {
  const std::string_view name = call.name();
  if (name == "aten::mm" || name == "aten::bmm") return product(tensor(call, 0), tensor(call, 1));
  if (name == "aten::addmm" || name == "aten::baddbmm") {
    return product(tensor(call, 1), tensor(call, 2));
  }
  if (name == "mkldnn::_linear_pointwise") {  // x, packed weight
    return 2 * static_cast<double>(tensor(call, 0).numel()) *
           static_cast<double>(tensor(call, 1).size(0));
  }
  if (name == "mkldnn::_convolution_pointwise") return packed_convolution(call);
  // x, w, b, stride, padding, dilation, transposed, ...
  if (name == "aten::convolution") return convolution(call);
  if (name == "aten::_scaled_dot_product_flash_attention_for_cpu") {  // q, k, v [B, heads, N, d]
    return 4 * static_cast<double>(tensor(call, 0).numel()) *
           static_cast<double>(tensor(call, 1).size(2));
  }
  return 0;
}

}  // namespace

double count_flops(const std::function<void()>& body) {
  counted = 0;
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(
          [](const at::RecordFunction& call) -> std::unique_ptr<at::ObserverContext> {
            counted += flops_of(call);
            return nullptr;
          })
          .needsInputs(true)
          .scopes({at::RecordScope::FUNCTION}));
  body();
  at::removeCallback(handle);
  return counted;
}

}  // namespace vremd::bench
