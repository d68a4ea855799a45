// SPDX-License-Identifier: Apache-2.0
#include "ops/conv2d.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/relu.h>

#include <array>
#include <optional>
#include <string_view>

namespace vremd::ops {
namespace {

constexpr double kLeak = 0.1;

// oneDNN of the wheel, which has no C++ header, by operator name.
at::Tensor pack(const at::Tensor& weight, const ConvShape& shape, at::IntArrayRef input_size) {
  using Pack =
      at::Tensor(const at::Tensor& weight, at::IntArrayRef padding, at::IntArrayRef stride,
                 at::IntArrayRef dilation, std::int64_t groups, at::OptionalIntArrayRef input_size);
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_reorder_convolution_weight", "")
                             .typed<Pack>();
  const std::array padding{shape.padding, shape.padding}, stride{shape.stride, shape.stride},
      dilation{shape.dilation, shape.dilation};
  return op.call(weight, padding, stride, dilation, shape.groups, input_size);
}

at::Tensor convolve(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& b,
                    const ConvShape& shape, Activation activation) {
  using Convolve = at::Tensor(const at::Tensor& x, const at::Tensor& packed,
                              const std::optional<at::Tensor>& bias, at::IntArrayRef padding,
                              at::IntArrayRef stride, at::IntArrayRef dilation, std::int64_t groups,
                              std::string_view after, c10::List<std::optional<at::Scalar>> scalars,
                              std::optional<std::string_view> algorithm);
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_convolution_pointwise", "")
                             .typed<Convolve>();
  const std::array padding{shape.padding, shape.padding}, stride{shape.stride, shape.stride},
      dilation{shape.dilation, shape.dilation};
  constexpr std::array<std::string_view, 4> kNames{"none", "relu", "hardtanh", "leaky_relu"};
  c10::List<std::optional<at::Scalar>> scalars;
  if (activation == Activation::kRelu6) {
    scalars.push_back(at::Scalar(0.0));
    scalars.push_back(at::Scalar(6.0));
  }
  if (activation == Activation::kLeakyRelu) scalars.push_back(at::Scalar(kLeak));
  return op.call(x, packed, b.defined() ? std::optional(b) : std::nullopt, padding, stride,
                 dilation, shape.groups, kNames.at(static_cast<std::size_t>(activation)), scalars,
                 "");
}

// Compares both implementations on fixed numbers, plain and depthwise, with each activation.
bool agrees(at::ScalarType type) {
  const auto numbers = [&](at::IntArrayRef shape, double step) {
    return at::arange(c10::multiply_integers(shape), at::kFloat)
        .mul(step)
        .sin()
        .view(shape)
        .to(type);
  };
  const at::Tensor x =
      numbers({1, 20, 9, 11}, 1.3).mul(4).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor b = numbers({20}, 2.1);
  for (const std::int64_t groups : {1, 20}) {
    const at::Tensor w = numbers({20, 20 / groups, 3, 3}, 0.7);
    for (const Activation activation :
         {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kLeakyRelu}) {
      const ConvShape shape{.stride = 1, .padding = 1, .dilation = 1, .groups = groups};
      const at::Tensor expected =
          conv2d(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble), shape, activation);
      const at::Tensor difference = convolve(x, pack(w, shape, x.sizes()), b, shape, activation)
                                        .to(at::kDouble)
                                        .sub(expected);
      const double error =
          difference.square().sum().item().toDouble() / expected.square().sum().item().toDouble();
      if (!(error < (type == at::kFloat ? 1e-10 : 1e-4))) return false;
    }
  }
  return true;
}

bool by_onednn(at::ScalarType type) {
  static OnednnChoice choice("VREMD_CONV", "plain", "convolutions", agrees);
  return choice(type);
}

}  // namespace

at::Tensor conv2d(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b,
                  const ConvShape& shape, Activation activation) {
  at::Tensor y = at::conv2d(x, w, b, shape.stride, shape.padding, shape.dilation, shape.groups);
  switch (activation) {
    case Activation::kRelu: return at::relu_(y);
    case Activation::kRelu6: return at::hardtanh_(y, 0, 6);
    case Activation::kLeakyRelu: return at::leaky_relu_(y, kLeak);
    case Activation::kNone: break;
  }
  return y;
}

at::Tensor conv2d(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b,
                  const ConvShape& shape, Activation activation, PackedWeight& packed) {
  // Also for wrong shapes, which at::conv2d reports.
  const bool plain = !x.is_cpu() || !w.is_cpu() || x.scalar_type() != w.scalar_type() ||
                     x.numel() == 0 || x.dim() != 4 || w.dim() != 4 ||
                     x.size(1) != w.size(1) * shape.groups || needs_gradient(x, w, b) ||
                     !by_onednn(w.scalar_type());
  if (plain) return conv2d(x, w, b, shape, activation);
  const auto pack_weight = [&](const at::Tensor& weight) { return pack(weight, shape, x.sizes()); };
  // oneDNN's fast code; in another order, a network takes twice as long.
  return convolve(x.contiguous(at::MemoryFormat::ChannelsLast),
                  packed.of(w, pack_weight, x.sizes()), b, shape, activation);
}

const char* conv2d_implementation() { return by_onednn(at::kFloat) ? "onednn" : "plain"; }

}  // namespace vremd::ops
