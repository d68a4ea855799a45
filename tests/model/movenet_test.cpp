// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"

#include "model/movenet.h"
#include "model/vremd.h"

#include <catch2/catch_approx.hpp>

using namespace vremd;
using Catch::Approx;

TEST_CASE("SAME padding at stride 2 adds a row below and a column to the right alone") {
  SameConvImpl conv(1, 1, 3, 2, false, true, SameConvImpl::Activation::kNone);
  at::NoGradGuard no_grad;
  conv.weight.fill_(1);
  conv.bias.fill_(0.5);
  const at::Tensor x = at::arange(16, at::kFloat).view({1, 1, 4, 4});
  // Windows start at (0, 0), (0, 2), ...: the last ones reach beyond the map.
  const at::Tensor want = at::tensor({45.5f, 0.0f, 0.0f, 0.0f}).view({1, 1, 2, 2});
  const at::Tensor y = conv.forward(x);
  REQUIRE(y.sizes() == at::IntArrayRef({1, 1, 2, 2}));
  CHECK(y[0][0][0][0].item<float>() == want[0][0][0][0].item<float>());
  CHECK(y[0][0][0][1].item<float>() == 2 + 3 + 6 + 7 + 10 + 11 + 0.5f);
  CHECK(y[0][0][1][1].item<float>() == 10 + 11 + 14 + 15 + 0.5f);
}

TEST_CASE("activations cut at 0 and 6") {
  at::NoGradGuard no_grad;
  const at::Tensor x = at::tensor({-3.0f, 4.0f, 9.0f}).view({1, 1, 1, 3});
  const auto through = [&](SameConvImpl::Activation activation) {
    SameConvImpl conv(1, 1, 1, 1, false, false, activation);
    conv.weight.fill_(1);
    const at::Tensor y = conv.forward(x);
    return std::vector<float>(y.data_ptr<float>(), y.data_ptr<float>() + 3);
  };
  CHECK(through(SameConvImpl::Activation::kNone) == std::vector<float>{-3, 4, 9});
  CHECK(through(SameConvImpl::Activation::kRelu) == std::vector<float>{0, 4, 9});
  CHECK(through(SameConvImpl::Activation::kRelu6) == std::vector<float>{0, 4, 6});
}

TEST_CASE("the backbone has Thunder's size and gives the stride-16 grid of any crop") {
  at::manual_seed(1);
  MovenetImpl backbone;
  backbone.init();
  std::int64_t count = 0;
  for (const at::Tensor& parameter : backbone.parameters()) count += parameter.numel();
  CHECK(count == 6207240);
  at::NoGradGuard no_grad;
  const at::Tensor tokens = backbone.forward_tokens(at::rand({2, 3, 128, 96}) * 255);
  CHECK(tokens.sizes() == at::IntArrayRef({2, 8 * 6, MovenetImpl::kChannels}));
  CHECK(tokens.dtype() == at::kFloat);
}

TEST_CASE("the stride-4 map comes back from the tokens as it went in") {
  const at::Tensor map = at::rand({1, MovenetImpl::kPyramid4, 16, 8});
  const at::Tensor tokens = map_to_tokens(at::pixel_unshuffle(map, 4));
  CHECK(at::equal(at::pixel_shuffle(tokens_to_map(tokens, 4, 2), 4), map));
}

TEST_CASE("the backbone in bfloat16 stays near float32") {
  at::manual_seed(2);
  at::NoGradGuard no_grad;
  MovenetImpl backbone;
  backbone.init();
  const at::Tensor crops = at::rand({1, 3, 64, 64}) * 255;
  const at::Tensor exact = backbone.forward_tokens(crops);
  backbone.to_bf16();
  const at::Tensor coarse = backbone.forward_tokens(crops);
  CHECK(coarse.dtype() == at::kFloat);
  const double error = (coarse - exact).square().sum().item<double>();
  CHECK(error > 0);
  CHECK(error < 1e-3 * exact.square().sum().item<double>());
}

TEST_CASE("Thunder's own head makes one Gaussian for each joint inside the map") {
  at::manual_seed(3);
  at::NoGradGuard no_grad;
  MovenetHeadImpl head;
  init_layers(head);
  const at::Tensor heatmaps = head.forward(at::rand({2, 256, MovenetImpl::kChannels}), 16, 16);
  REQUIRE(heatmaps.sizes() == at::IntArrayRef({2, 17, 64, 64}));
  const at::Tensor peak = heatmaps.amax({2, 3});
  CHECK(peak.gt(0).all().item<bool>());
  CHECK(peak.le(1).all().item<bool>());
  // A Gaussian of sigma 2 that is not cut sums to 2 pi sigma^2 times its peak at least roughly.
  const at::Tensor mass = heatmaps.sum({2, 3}) / peak;
  CHECK(mass.le(27).all().item<bool>());
  CHECK(mass.ge(5).all().item<bool>());
}
