// SPDX-License-Identifier: Apache-2.0
#include "model/movenet.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/pixel_unshuffle.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace vremd::model {
namespace {

using Activation = SameConvImpl::Activation;

// MobileNetV2 of width 1.75: output channels and stride of block_0 ... block_16.
struct BlockShape {
  std::int64_t out, stride;
};
constexpr BlockShape kBlocks[] = {{32, 1},  {40, 2},  {40, 1},  {56, 2},  {56, 1},  {56, 1},
                                  {112, 2}, {112, 1}, {112, 1}, {112, 1}, {168, 1}, {168, 1},
                                  {168, 1}, {280, 2}, {280, 1}, {280, 1}, {560, 1}};
constexpr std::int64_t kStem = 56;
constexpr std::size_t kLowBlocks = 3;  // up to stride 4

at::Tensor upsample(const at::Tensor& map, std::int64_t factor) {
  return at::upsample_bilinear2d(map, {map.size(2) * factor, map.size(3) * factor},
                                 /*align_corners=*/false);
}

}  // namespace

SameConvImpl::SameConvImpl(std::int64_t in, std::int64_t out, std::int64_t kernel,
                           std::int64_t stride, bool depthwise, bool has_bias,
                           Activation activation)
    : kernel_(kernel), stride_(stride), groups_(depthwise ? in : 1), activation_(activation) {
  weight = add_parameter("weight", {out, in / groups_, kernel, kernel});
  if (has_bias) bias = add_parameter("bias", {out});
}

void SameConvImpl::init() {
  const double fan_in = static_cast<double>(weight[0].numel());
  weight.normal_(0, std::sqrt(2 / fan_in));
  if (bias.defined()) bias.zero_();
}

at::Tensor SameConvImpl::forward(const at::Tensor& map_nchw) {
  const bool pads = stride_ == 1;
  const ops::ConvShape shape{
      .stride = stride_, .padding = pads ? kernel_ / 2 : 0, .dilation = 1, .groups = groups_};
  return ops::conv2d(pads ? map_nchw : at::constant_pad_nd(map_nchw, {0, 1, 0, 1}), weight, bias,
                     shape, activation_, packed_);
}

SeparableConvImpl::SeparableConvImpl(std::int64_t in, std::int64_t out, std::int64_t outputs) {
  depthwise = add<SameConvImpl>("depthwise", in, in, 3, 1, true, false, Activation::kNone);
  pointwise = add<SameConvImpl>("pointwise", in, out, 1, 1, false, true, Activation::kRelu);
  if (outputs > 0) {
    output = add<SameConvImpl>("output", out, outputs, 1, 1, false, true, Activation::kNone);
  }
}

at::Tensor SeparableConvImpl::forward(const at::Tensor& map_nchw) {
  const at::Tensor y = pointwise->forward(depthwise->forward(map_nchw));
  return output ? output->forward(y) : y;
}

struct MovenetImpl::InvertedResidualImpl : Module {
  InvertedResidualImpl(std::int64_t in, BlockShape shape, bool expands)
      : residual_(in == shape.out && shape.stride == 1) {
    const std::int64_t hidden = expands ? 6 * in : in;
    if (expands) {
      expand_ = add<SameConvImpl>("expand", in, hidden, 1, 1, false, true, Activation::kRelu6);
    }
    depthwise_ = add<SameConvImpl>("depthwise", hidden, hidden, 3, shape.stride, true, true,
                                   Activation::kRelu6);
    project_ =
        add<SameConvImpl>("project", hidden, shape.out, 1, 1, false, true, Activation::kNone);
  }

  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor y = project_->forward(depthwise_->forward(expand_ ? expand_->forward(x) : x));
    return residual_ ? x + y : y;
  }

 private:
  bool residual_;
  std::shared_ptr<SameConvImpl> expand_, depthwise_, project_;
};

MovenetImpl::MovenetImpl() {
  const auto conv = [&](const char* name, std::int64_t in, std::int64_t out, std::int64_t kernel,
                        std::int64_t stride, Activation activation) {
    return add<SameConvImpl>(name, in, out, kernel, stride, false, true, activation);
  };
  stem_ = conv("stem", 3, kStem, 3, 2, Activation::kRelu6);
  std::int64_t in = kStem;
  for (std::size_t k = 0; k < std::size(kBlocks); ++k) {
    blocks_.push_back(
        add<InvertedResidualImpl>("block_" + std::to_string(k), in, kBlocks[k], /*expands=*/k > 0));
    in = kBlocks[k].out;
  }
  last_ = conv("last", in, 1280, 1, 1, Activation::kRelu6);
  lateral_32_ = conv("lateral_32", 1280, 64, 1, 1, Activation::kNone);
  lateral_16_ = conv("lateral_16", 112, 64, 1, 1, Activation::kNone);
  lateral_8_ = conv("lateral_8", 56, 32, 1, 1, Activation::kNone);
  lateral_4_ = conv("lateral_4", 40, 24, 1, 1, Activation::kNone);
  pyramid_16_ = add<SeparableConvImpl>("pyramid_16", 64, 32);
  pyramid_8_ = add<SeparableConvImpl>("pyramid_8", 32, 24);
  pyramid_4_ = add<SeparableConvImpl>("pyramid_4", 24, kPyramid4);
}

// Outputs of the blocks and of the pyramid.
struct MovenetImpl::Maps {
  std::array<at::Tensor, std::size(kBlocks)> blocks;
  at::Tensor p4, p8, p16;
};

at::Tensor MovenetImpl::forward_low(const at::Tensor& crops_nchw) {
  at::Tensor x = (crops_nchw / 127.5 - 1)
                     .to(stem_->weight.scalar_type())
                     .contiguous(at::MemoryFormat::ChannelsLast);
  x = stem_->forward(x);
  for (std::size_t k = 0; k < kLowBlocks; ++k) x = blocks_[k]->forward(x);
  return x;
}

bool MovenetImpl::same_low(const MovenetImpl& other) const {
  const auto equal = [](const Module& a, const Module& b) {
    const auto of_a = a.parameters(), of_b = b.parameters();
    return std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                      [](const at::Tensor& x, const at::Tensor& y) { return at::equal(x, y); });
  };
  bool same = equal(*stem_, *other.stem_);
  for (std::size_t k = 0; k < kLowBlocks; ++k) same = same && equal(*blocks_[k], *other.blocks_[k]);
  return same;
}

MovenetImpl::Maps MovenetImpl::maps_of(const at::Tensor& low_nchw) {
  Maps maps;
  at::Tensor x = maps.blocks[kLowBlocks - 1] = low_nchw;
  for (std::size_t k = kLowBlocks; k < blocks_.size(); ++k) {
    maps.blocks[k] = x = blocks_[k]->forward(x);
  }

  const at::Tensor top = lateral_32_->forward(last_->forward(x));
  maps.p16 = pyramid_16_->forward(upsample(top, 2) + lateral_16_->forward(maps.blocks[9]));
  maps.p8 = pyramid_8_->forward(upsample(maps.p16, 2) + lateral_8_->forward(maps.blocks[5]));
  maps.p4 = pyramid_4_->forward(upsample(maps.p8, 2) + lateral_4_->forward(maps.blocks[2]));
  return maps;
}

at::Tensor MovenetImpl::tokens_of_low(const at::Tensor& low_nchw) {
  const Maps maps = maps_of(low_nchw);
  const at::Tensor stride_8 = at::cat({maps.p8, maps.blocks[5]}, 1);
  const at::Tensor all = at::cat({at::pixel_unshuffle(maps.p4, 4), at::pixel_unshuffle(stride_8, 2),
                                  maps.p16, maps.blocks[12], upsample(maps.blocks[16], 2)},
                                 1);
  return map_to_tokens(all).to(at::kFloat);
}

at::Tensor MovenetImpl::pyramid_4_of_low(const at::Tensor& low_nchw) {
  return maps_of(low_nchw).p4.to(at::kFloat);
}

void MovenetImpl::to_bf16() {
  for (at::Tensor& parameter : parameters()) parameter.set_data(parameter.to(at::kBFloat16));
}

}  // namespace vremd::model
