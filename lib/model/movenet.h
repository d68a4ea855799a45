// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/backbone.h"
#include "model/layers.h"
#include "ops/conv2d.h"

#include <vector>

namespace vremd::model {

// A convolution of MoveNet's graph: "SAME" padding, at stride 2 only on the bottom and right (even
// sizes), then an optional ReLU or ReLU6.
struct SameConvImpl : Layer {
  using Activation = ops::Activation;
  SameConvImpl(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
               bool depthwise, bool has_bias, Activation activation);
  void init() override;
  at::Tensor forward(const at::Tensor& map_nchw);

  at::Tensor weight, bias;  // bias may be undefined

 private:
  std::int64_t kernel_, stride_, groups_;
  Activation activation_;
  ops::PackedWeight packed_;
};

// Depthwise 3x3, then 1x1 with bias and ReLU; with `outputs` another 1x1.
struct SeparableConvImpl : Module {
  SeparableConvImpl(std::int64_t in, std::int64_t out, std::int64_t outputs = 0);
  at::Tensor forward(const at::Tensor& map_nchw);

  std::shared_ptr<SameConvImpl> depthwise, pointwise, output;
};

// MobileNetV2 (width 1.75) with the feature pyramid of MoveNet Thunder as an image backbone. The
// tokens concatenate these maps, resampled to the stride-16 grid (METHOD 4.1):
//   [0, 384)      pyramid, stride 4, 24 channels, space to depth 4 x 4
//   [384, 704)    stride 8: pyramid 24 and block_5 56 channels, space to depth 2 x 2
//   [704, 904)    stride 16: pyramid 32 and block_12 168 channels
//   [904, 1464)   stride 32: block_16, 560 channels, upsampled
// Input: RGB, 0...255; sides are multiples of 32. Names as in the converted file (import/tfjs.h).
struct MovenetImpl : BackboneImpl {
  MovenetImpl();
  at::Tensor forward_tokens(const at::Tensor& crops_nchw) override {
    return tokens_of_low(forward_low(crops_nchw));
  }
  // The network in two steps: up to block_2, whose map is [n, 40, H / 4, W / 4] in the type of the
  // weights, and from there to the tokens or to the stride-4 map of the pyramid, [n, 24, H / 4,
  // W / 4] in float32.
  at::Tensor forward_low(const at::Tensor& crops_nchw);
  at::Tensor tokens_of_low(const at::Tensor& low_nchw);
  at::Tensor pyramid_4_of_low(const at::Tensor& low_nchw);
  bool same_low(const MovenetImpl& other) const;  // whether the weights of forward_low() are equal
  int channels() const override { return kChannels; }
  void init() override { init_layers(*this); }
  void to_bf16() override;  // everything but the tokens

  static constexpr int kChannels = 1464;
  static constexpr int kPyramid4 = 24;  // channels of the stride-4 map, the first of the tokens

 private:
  struct InvertedResidualImpl;
  struct Maps;

  Maps maps_of(const at::Tensor& low_nchw);

  std::shared_ptr<SameConvImpl> stem_, last_;
  std::vector<std::shared_ptr<InvertedResidualImpl>> blocks_;
  std::shared_ptr<SameConvImpl> lateral_32_, lateral_16_, lateral_8_, lateral_4_;
  std::shared_ptr<SeparableConvImpl> pyramid_16_, pyramid_8_, pyramid_4_;
};

}  // namespace vremd::model
