// SPDX-License-Identifier: Apache-2.0
#include "ops/linear.h"

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linear.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace vremd::ops {
namespace {

using Pack = at::Tensor(const at::Tensor& weight, std::optional<std::int64_t> batch_size);
using Multiply = at::Tensor(const at::Tensor& x, const at::Tensor& packed,
                            const std::optional<at::Tensor>& bias, std::string_view after,
                            c10::List<std::optional<at::Scalar>> scalars,
                            std::optional<std::string_view> algorithm);

// oneDNN of the wheel, which has no C++ header, by operator name.
struct OneDnn {
  c10::TypedOperatorHandle<Pack> pack_weight;
  c10::TypedOperatorHandle<Multiply> multiply_packed;

  at::Tensor pack(const at::Tensor& weight) const { return pack_weight.call(weight, std::nullopt); }

  at::Tensor multiply(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& b) const {
    return multiply_packed.call(x, packed, b.defined() ? std::optional(b) : std::nullopt, "none",
                                c10::List<std::optional<at::Scalar>>(), std::nullopt);
  }
};

OneDnn find_onednn() {
  auto& dispatcher = c10::Dispatcher::singleton();
  return {dispatcher.findSchemaOrThrow("mkldnn::_reorder_linear_weight", "").typed<Pack>(),
          dispatcher.findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Multiply>()};
}

// Compares both implementations on fixed numbers; the sizes are not multiples of a vector.
bool agrees(const OneDnn& onednn, at::ScalarType type) {
  const auto numbers = [&](std::int64_t rows, std::int64_t columns, double step) {
    return at::arange(rows * columns, at::kFloat).mul(step).sin().view({rows, columns}).to(type);
  };
  const at::Tensor x = numbers(37, 50, 1.3), w = numbers(70, 50, 0.7);
  const at::Tensor b = numbers(1, 70, 2.1).view({70});
  const at::Tensor expected = at::linear(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble));
  const at::Tensor difference = onednn.multiply(x, onednn.pack(w), b).to(at::kDouble).sub(expected);
  const double error =
      difference.square().sum().item().toDouble() / expected.square().sum().item().toDouble();
  return error < (type == at::kFloat ? 1e-10 : 1e-4);
}

// Set if oneDNN is used for this type.
std::optional<OneDnn> choose(at::ScalarType type) {
  const char* wish = std::getenv("VREMD_LINEAR");
  const std::string_view name = wish ? wish : "";
  if (name == "mkl") return {};
  if (!name.empty() && name != "onednn") fail("VREMD_LINEAR must be mkl or onednn, not '{}'", name);
  const char* type_name = c10::toString(type);
  std::string problem;
  try {
    c10::InferenceMode guard;
    const OneDnn onednn = find_onednn();
    if (agrees(onednn, type)) return onednn;
    problem = "its results differ";
  } catch (const c10::Error& error) {
    problem = error.what_without_backtrace();
  } catch (const std::exception& error) {  // oneDNN's own
    problem = error.what();
  }
  problem = first_line(problem);
  if (!name.empty()) fail("VREMD_LINEAR=onednn: {}: {}", type_name, problem);
  log_info("linear layers in {} use LibTorch's own matrix product: oneDNN: {}", type_name, problem);
  return {};
}

const std::optional<OneDnn>& onednn_for(at::ScalarType type) {
  static const std::optional<OneDnn> none;
  if (type == at::kFloat) {
    static const std::optional<OneDnn> in_float = choose(at::kFloat);
    return in_float;
  }
  if (type == at::kBFloat16) {
    static const std::optional<OneDnn> in_bfloat16 = choose(at::kBFloat16);
    return in_bfloat16;
  }
  return none;
}

bool needs_gradient(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
  return c10::GradMode::is_enabled() &&
         (x.requires_grad() || w.requires_grad() || (b.defined() && b.requires_grad()));
}

std::int64_t version_of(const at::Tensor& tensor) {
  return tensor.is_inference() ? 0 : static_cast<std::int64_t>(tensor._version());
}

}  // namespace

at::Tensor PackedWeight::of(const at::Tensor& weight) {
  const std::scoped_lock lock(mutex_);
  const std::int64_t version = version_of(weight);
  const bool current = source_.defined() && source_.data_ptr() == weight.data_ptr() &&
                       source_.scalar_type() == weight.scalar_type() &&
                       source_.sizes() == weight.sizes() && source_.strides() == weight.strides() &&
                       version_ == version;
  if (!current) {
    const auto& onednn = onednn_for(weight.scalar_type());
    if (!onednn) fail("linear: {} weights cannot be packed", c10::toString(weight.scalar_type()));
    c10::InferenceMode guard;
    packed_ = onednn->pack(weight.detach());
    source_ = weight.detach();
    version_ = version;
  }
  return packed_;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
  return at::linear(x, w, b.defined() ? std::optional(b) : std::nullopt);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b,
                  PackedWeight& packed) {
  // Also for wrong shapes, which at::linear reports.
  const bool plain = !x.is_cpu() || !w.is_cpu() || x.scalar_type() != w.scalar_type() ||
                     x.numel() == 0 || x.dim() == 0 || w.dim() != 2 || x.size(-1) != w.size(1) ||
                     needs_gradient(x, w, b);
  if (!plain) {
    if (const auto& onednn = onednn_for(w.scalar_type())) {
      return onednn->multiply(x, packed.of(w), b);
    }
  }
  return linear(x, w, b);
}

const char* linear_implementation() { return onednn_for(at::kFloat) ? "onednn" : "mkl"; }

}  // namespace vremd::ops
