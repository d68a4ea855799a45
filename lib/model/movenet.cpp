// SPDX-License-Identifier: Apache-2.0
#include "model/movenet.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/pixel_shuffle.h>
#include <ATen/ops/pixel_unshuffle.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <array>
#include <cmath>
#include <string>

namespace vremd {
namespace {

using Activation = SameConvImpl::Activation;

// MobileNetV2 of width 1.75: output channels and stride of block_0 ... block_16.
struct BlockShape {
  std::int64_t out, stride;
};
constexpr std::array<BlockShape, 17> kBlocks = {{{32, 1},
                                                 {40, 2},
                                                 {40, 1},
                                                 {56, 2},
                                                 {56, 1},
                                                 {56, 1},
                                                 {112, 2},
                                                 {112, 1},
                                                 {112, 1},
                                                 {112, 1},
                                                 {168, 1},
                                                 {168, 1},
                                                 {168, 1},
                                                 {280, 2},
                                                 {280, 1},
                                                 {280, 1},
                                                 {560, 1}}};
constexpr std::int64_t kStem = 56;

at::Tensor upsample(const at::Tensor& map, std::int64_t factor) {
  return at::upsample_bilinear2d(map, {map.size(2) * factor, map.size(3) * factor},
                                 /*align_corners=*/false);
}

}  // namespace

SameConvImpl::SameConvImpl(std::int64_t in, std::int64_t out, std::int64_t kernel,
                           std::int64_t stride, bool depthwise, bool has_bias,
                           Activation activation)
    : kernel_(kernel), stride_(stride), groups_(depthwise ? in : 1), activation_(activation) {
  weight = register_parameter("weight", empty_parameter({out, in / groups_, kernel, kernel}));
  if (has_bias) bias = register_parameter("bias", empty_parameter({out}));
}

void SameConvImpl::init() {
  const double fan_in = static_cast<double>(weight[0].numel());
  weight.normal_(0, std::sqrt(2 / fan_in));
  if (bias.defined()) bias.zero_();
}

at::Tensor SameConvImpl::forward(const at::Tensor& map_nchw) {
  at::Tensor y;
  if (stride_ == 1) {
    const std::int64_t same = kernel_ / 2;
    y = at::conv2d(map_nchw, weight, bias, {1, 1}, at::IntArrayRef{same, same}, {1, 1}, groups_);
  } else {
    y = at::conv2d(at::constant_pad_nd(map_nchw, {0, 1, 0, 1}), weight, bias, stride_,
                   at::IntArrayRef{0}, 1,
                   groups_);
  }
  if (activation_ == Activation::kRelu6) return at::hardtanh_(y, 0, 6);
  if (activation_ == Activation::kRelu) return at::relu_(y);
  return y;
}

SeparableConvImpl::SeparableConvImpl(std::int64_t in, std::int64_t out, std::int64_t outputs) {
  depthwise = register_module("depthwise", std::make_shared<SameConvImpl>(
                                               in, in, 3, 1, true, false, Activation::kNone));
  pointwise = register_module("pointwise", std::make_shared<SameConvImpl>(
                                               in, out, 1, 1, false, true, Activation::kRelu));
  if (outputs > 0) {
    output = register_module("output", std::make_shared<SameConvImpl>(
                                           out, outputs, 1, 1, false, true, Activation::kNone));
  }
}

at::Tensor SeparableConvImpl::forward(const at::Tensor& map_nchw) {
  const at::Tensor y = pointwise->forward(depthwise->forward(map_nchw));
  return output ? output->forward(y) : y;
}

struct MovenetImpl::InvertedResidualImpl : torch::nn::Module {
  InvertedResidualImpl(std::int64_t in, BlockShape shape, bool expands)
      : residual_(in == shape.out && shape.stride == 1) {
    const std::int64_t hidden = expands ? 6 * in : in;
    if (expands) {
      expand_ = register_module("expand", std::make_shared<SameConvImpl>(
                                              in, hidden, 1, 1, false, true, Activation::kRelu6));
    }
    depthwise_ = register_module(
        "depthwise", std::make_shared<SameConvImpl>(hidden, hidden, 3, shape.stride, true, true,
                                                    Activation::kRelu6));
    project_ = register_module("project", std::make_shared<SameConvImpl>(
                                              hidden, shape.out, 1, 1, false, true,
                                              Activation::kNone));
  }

  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor y =
        project_->forward(depthwise_->forward(expand_ ? expand_->forward(x) : x));
    return residual_ ? x + y : y;
  }

 private:
  bool residual_;
  std::shared_ptr<SameConvImpl> expand_, depthwise_, project_;
};

MovenetImpl::MovenetImpl() {
  const auto conv = [&](const char* name, std::int64_t in, std::int64_t out, std::int64_t kernel,
                        std::int64_t stride, Activation activation) {
    return register_module(name, std::make_shared<SameConvImpl>(in, out, kernel, stride, false,
                                                                true, activation));
  };
  stem_ = conv("stem", 3, kStem, 3, 2, Activation::kRelu6);
  std::int64_t in = kStem;
  for (std::size_t k = 0; k < kBlocks.size(); ++k) {
    blocks_.push_back(register_module(
        "block_" + std::to_string(k),
        std::make_shared<InvertedResidualImpl>(in, kBlocks[k], /*expands=*/k > 0)));
    in = kBlocks[k].out;
  }
  last_ = conv("last", in, 1280, 1, 1, Activation::kRelu6);
  lateral_32_ = conv("lateral_32", 1280, 64, 1, 1, Activation::kNone);
  lateral_16_ = conv("lateral_16", 112, 64, 1, 1, Activation::kNone);
  lateral_8_ = conv("lateral_8", 56, 32, 1, 1, Activation::kNone);
  lateral_4_ = conv("lateral_4", 40, 24, 1, 1, Activation::kNone);
  pyramid_16_ = register_module("pyramid_16", std::make_shared<SeparableConvImpl>(64, 32));
  pyramid_8_ = register_module("pyramid_8", std::make_shared<SeparableConvImpl>(32, 24));
  pyramid_4_ = register_module("pyramid_4", std::make_shared<SeparableConvImpl>(24, kPyramid4));
}

at::Tensor MovenetImpl::forward_tokens(const at::Tensor& crops_nchw) {
  at::Tensor x = (crops_nchw / 127.5 - 1)
                     .to(stem_->weight.scalar_type())
                     .contiguous(at::MemoryFormat::ChannelsLast);
  x = stem_->forward(x);
  std::array<at::Tensor, kBlocks.size()> maps;
  for (std::size_t k = 0; k < blocks_.size(); ++k) maps[k] = x = blocks_[k]->forward(x);

  const at::Tensor top = lateral_32_->forward(last_->forward(x));
  const at::Tensor p16 = pyramid_16_->forward(upsample(top, 2) + lateral_16_->forward(maps[9]));
  const at::Tensor p8 = pyramid_8_->forward(upsample(p16, 2) + lateral_8_->forward(maps[5]));
  const at::Tensor p4 = pyramid_4_->forward(upsample(p8, 2) + lateral_4_->forward(maps[2]));

  const at::Tensor all = at::cat({at::pixel_unshuffle(p4, 4),
                                  at::pixel_unshuffle(at::cat({p8, maps[5]}, 1), 2), p16, maps[12],
                                  upsample(maps[16], 2)},
                                 1);
  return map_to_tokens(all).to(at::kFloat);
}

void MovenetImpl::to_bf16() {
  for (at::Tensor& parameter : parameters()) parameter.set_data(parameter.to(at::kBFloat16));
}

std::shared_ptr<BackboneImpl> make_movenet(const ModelConfig&) {
  return std::make_shared<MovenetImpl>();
}

MovenetHeadImpl::MovenetHeadImpl() {
  const auto head = [&](const char* name, std::int64_t outputs) {
    return register_module(
        name, std::make_shared<SeparableConvImpl>(MovenetImpl::kPyramid4, 96, outputs));
  };
  heatmap_ = head("heatmap", 17);
  regression_ = head("regression", 34);
  centre_ = head("centre", 1);
  offset_ = head("offset", 34);
}

at::Tensor MovenetHeadImpl::forward(const at::Tensor& tokens_bnc, std::int64_t tokens_h,
                                    std::int64_t tokens_w) {
  const at::Tensor map = at::pixel_shuffle(
      tokens_to_map(tokens_bnc.slice(2, 0, 16 * MovenetImpl::kPyramid4), tokens_h, tokens_w), 4);
  const auto batch = map.size(0), height = map.size(2), width = map.size(3);
  const auto joints = std::int64_t{17};
  const at::Tensor scores = at::sigmoid(heatmap_->forward(map));
  const at::Tensor rows = at::arange(height, map.options()).view({1, 1, height, 1});
  const at::Tensor columns = at::arange(width, map.options()).view({1, 1, 1, width});

  // 1.8 cells soften both weights, as in the graph.
  const auto distance = [&](const at::Tensor& y, const at::Tensor& x) {
    return ((rows - y).square() + (columns - x).square()).sqrt() + 1.8;
  };
  const at::Tensor middle_y = at::arange(1, map.options()).view({1, 1, 1, 1}) + height / 2;
  const at::Tensor middle_x = at::arange(1, map.options()).view({1, 1, 1, 1}) + width / 2;
  const at::Tensor centre = at::sigmoid(centre_->forward(map)) / distance(middle_y, middle_x);
  const at::Tensor person = centre.flatten(1).argmax(1);  // [B], cell of the person

  // [B, 17, 2] (y, x) of a 34-channel map at one cell for each joint.
  const auto at_cells = [&](const at::Tensor& pairs, const at::Tensor& cells_bj) {
    return pairs.contiguous()
        .view({batch, joints, 2, height * width})
        .gather(3, cells_bj.view({batch, joints, 1, 1}).expand({batch, joints, 2, 1}))
        .squeeze(3);
  };
  const at::Tensor start = at_cells(regression_->forward(map),
                                    person.view({batch, 1}).expand({batch, joints}));
  const at::Tensor person_y = person.div(width, "floor").to(at::kFloat).view({batch, 1});
  const at::Tensor person_x = person.remainder(width).to(at::kFloat).view({batch, 1});
  const at::Tensor joint_y = (start.select(2, 0) + person_y).view({batch, joints, 1, 1});
  const at::Tensor joint_x = (start.select(2, 1) + person_x).view({batch, joints, 1, 1});
  const at::Tensor peaks = (scores / distance(joint_y, joint_x)).flatten(2).argmax(2);  // [B, 17]

  const at::Tensor offsets = at_cells(offset_->forward(map), peaks);
  const at::Tensor y = peaks.div(width, "floor").to(at::kFloat) + offsets.select(2, 0);
  const at::Tensor x = peaks.remainder(width).to(at::kFloat) + offsets.select(2, 1);
  const at::Tensor score = scores.flatten(2).gather(2, peaks.unsqueeze(2)).squeeze(2);

  const auto grid = [&](const at::Tensor& cell, std::int64_t size) {
    return cell.clamp(0, static_cast<double>(size - 1)).view({batch, joints, 1, 1});
  };
  const double sigma = 2;
  const at::Tensor gaussians =
      ((rows - grid(y, height)).square() + (columns - grid(x, width)).square())
          .div(-2 * sigma * sigma)
          .exp();
  const at::Tensor highest = gaussians.amax({2, 3}, /*keepdim=*/true);
  return gaussians / highest * score.view({batch, joints, 1, 1});
}

}  // namespace vremd
