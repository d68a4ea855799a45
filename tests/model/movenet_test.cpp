// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"

#include "core/error.h"
#include "model/movenet_head.h"
#include "model/vremd.h"

#include <catch2/catch_approx.hpp>

using namespace vremd;
using namespace vremd::model;
using Catch::Approx;

TEST_CASE("SAME padding at stride 2 adds one row at the bottom and one column on the right") {
  SameConvImpl conv(1, 1, 3, 2, false, true, SameConvImpl::Activation::kNone);
  at::NoGradGuard no_grad;
  conv.weight.fill_(1);
  conv.bias.fill_(0.5);
  const at::Tensor x = at::arange(16, at::kFloat).view({1, 1, 4, 4});
  // Windows start at (0, 0), (0, 2), ...: the last ones extend beyond the map.
  const at::Tensor want = at::tensor({45.5f, 0.0f, 0.0f, 0.0f}).view({1, 1, 2, 2});
  const at::Tensor y = conv.forward(x);
  REQUIRE(y.sizes() == at::IntArrayRef({1, 1, 2, 2}));
  CHECK(y[0][0][0][0].item<float>() == want[0][0][0][0].item<float>());
  CHECK(y[0][0][0][1].item<float>() == 2 + 3 + 6 + 7 + 10 + 11 + 0.5f);
  CHECK(y[0][0][1][1].item<float>() == 10 + 11 + 14 + 15 + 0.5f);
}

TEST_CASE("activations clamp at 0 and 6") {
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

TEST_CASE("the backbone has Thunder's size and a stride-16 grid for any crop") {
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

TEST_CASE("the stride-4 map round-trips through the tokens") {
  const at::Tensor map = at::rand({1, MovenetImpl::kPyramid4, 16, 8});
  const at::Tensor tokens = map_to_tokens(at::pixel_unshuffle(map, 4));
  CHECK(at::equal(at::pixel_shuffle(tokens_to_map(tokens, 4, 2), 4), map));
}

TEST_CASE("the backbone in bfloat16 is close to float32") {
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

TEST_CASE("Thunder's head renders one Gaussian per joint inside the map") {
  at::manual_seed(3);
  at::NoGradGuard no_grad;
  MovenetHeadImpl head;
  init_layers(head);
  const at::Tensor heatmaps = head.forward(at::rand({2, 256, MovenetImpl::kChannels}), 16, 16);
  REQUIRE(heatmaps.sizes() == at::IntArrayRef({2, 17, 64, 64}));
  const at::Tensor peak = heatmaps.amax({2, 3});
  CHECK(peak.gt(0).all().item<bool>());
  CHECK(peak.le(1).all().item<bool>());
  // A complete Gaussian of sigma 2 sums to about 2 pi sigma^2 times its peak.
  const at::Tensor mass = heatmaps.sum({2, 3}) / peak;
  CHECK(mass.le(27).all().item<bool>());
  CHECK(mass.ge(5).all().item<bool>());
}

namespace {

// A model of three frames with the prior and random weights.
ModelConfig prior_config() {
  ModelConfig config;
  config.backbone.kind = BackboneKind::kMovenet;
  config.input.size = {64, 64};
  config.geometry = ops::Geometry::kClassic;
  config.model.prior = PriorKind::kMovenet;
  config.loss.kind = LossKind::kCe;
  config.hkme.enabled = config.bmd.enabled = false;
  return config;
}

}  // namespace

TEST_CASE("the prior peaks at Thunder's joint") {
  at::manual_seed(4);
  at::NoGradGuard no_grad;
  ModelConfig config = prior_config();
  config.model.joints = "left_knee,head_top,nose";
  MovenetPriorImpl prior(config);
  init_layers(prior);
  prior.init();
  auto parameters = prior.named_parameters();
  parameters["offset.output.weight"].zero_();
  parameters["offset.output.bias"].zero_();
  parameters["sharpness"].fill_(1);
  const at::Tensor tokens = at::rand({2, 16, MovenetPriorImpl::kChannels});
  const at::Tensor map = MovenetHeadsImpl::pyramid_4(tokens, 4, 4);
  REQUIRE(map.sizes() == at::IntArrayRef({2, MovenetImpl::kPyramid4, 16, 16}));
  const at::Tensor logits = prior.forward(tokens);
  REQUIRE(logits.sizes() == at::IntArrayRef({2, 3, 16, 16}));
  const JointSet& theirs = joint_set("coco17");
  const at::Tensor scores = at::sigmoid(prior.logits(map));
  const at::Tensor found = scores / prior.distances(map);
  const at::Tensor peaks = found.flatten(2).argmax(2, /*keepdim=*/true);
  const at::Tensor sure = scores.flatten(2).gather(2, peaks).sqrt().unsqueeze(3);
  const at::Tensor thunder = found.log() * sure;
  CHECK(difference(logits.select(1, 0), thunder.select(1, theirs.index("left_knee"))) < 1e-5);
  CHECK(difference(logits.select(1, 2), thunder.select(1, theirs.index("nose"))) < 1e-5);
  CHECK(logits.select(1, 1).eq(0).all().item<bool>());  // Thunder lacks head_top

  // (y, x): two cells down, one to the left.
  parameters["offset.output.bias"].copy_(at::tensor({2.0f, -1.0f}).repeat({17}));
  const at::Tensor want = logits.slice(2, 0, 14).slice(3, 1, 16);
  CHECK(difference(prior.forward(tokens).slice(2, 2, 16).slice(3, 0, 15), want) < 1e-5);

  // udp: the crop's last pixel is in the last cell, classic: three pixels behind its place.
  parameters["offset.output.bias"].zero_();
  config.geometry = ops::Geometry::kUdp;
  MovenetPriorImpl udp(config);
  auto same = udp.named_parameters();
  for (const auto& item : parameters) same[item.key()].copy_(item.value());
  const at::Tensor stretched = udp.forward(tokens);
  const double cell = 63.0 / 15 / 4;
  const at::Tensor at_3_cells =
      logits.select(3, 3) * (1 - (3 * cell - 3)) + logits.select(3, 4) * (3 * cell - 3);
  CHECK(difference(stretched.select(2, 0).select(2, 3), at_3_cells.select(2, 0)) < 1e-4);
}

TEST_CASE("a model with the prior gives H + prior and trains only its sharpness") {
  at::manual_seed(5);
  VremdImpl model(prior_config());
  model.config.backbone.freeze = false;
  model.init();
  const at::Tensor crops = at::rand({2, 3, 64, 64}) * 255;
  const at::Tensor features = model.features(crops);
  CHECK(features.size(2) == model.feature_channels());
  const auto output = model.forward(features.unsqueeze(1));
  const at::Tensor added = output.heatmaps_bkhw - output.hm;
  CHECK(added.abs().max().item<float>() > 0);
  const JointSet joints = model.config.joints();
  CHECK(added[0][joints.index("head_bottom")].eq(0).all().item<bool>());
  output.heatmaps_bkhw.square().sum().backward();
  for (const auto& item : model.named_parameters()) {
    CAPTURE(item.key());
    const bool frozen = item.key().starts_with("prior.") && item.key() != "prior.sharpness";
    CHECK(item.value().requires_grad() == !frozen);
    if (item.key() == "prior.sharpness") {
      CHECK(item.value().grad().isfinite().all().item<bool>());
      CHECK(item.value().grad().abs().max().item<float>() > 0);
    }
  }

  // Three frames start as that model; the prior sees only key frames.
  ModelConfig config = prior_config();
  config.hkme.enabled = config.bmd.enabled = true;
  at::NoGradGuard no_grad;
  VremdImpl three(config);
  three.init();
  model.eval();
  three.eval();
  three.init_from_single_frame(model);
  for (auto& item : three.named_parameters()) {
    if (item.key().starts_with("hk.")) item.value().zero_();
  }
  const at::Tensor triplet = crops.slice(0, 0, 1).expand({3, -1, -1, -1});
  const at::Tensor of_keys = three.triplet_features(triplet)[0];
  CHECK(three.triplet_features(at::cat({triplet, triplet}))[1].equal(of_keys));
  CHECK(of_keys[0].slice(1, MovenetImpl::kChannels).eq(0).all().item<bool>());
  CHECK(three.features(triplet, at::empty({0}, at::kLong)).sizes() == of_keys.sizes());
  const at::Tensor got = three.forward(of_keys.unsqueeze(0)).heatmaps_bkhw;
  const at::Tensor want = model.forward(features.slice(0, 0, 1).unsqueeze(1)).heatmaps_bkhw;
  CHECK(difference(got, want) < 1e-3);
}

TEST_CASE("first layers that backbone and prior share are computed once, with equal results") {
  at::manual_seed(6);
  at::NoGradGuard no_grad;
  VremdImpl model(prior_config());
  model.init();
  auto parameters = model.named_parameters();
  const at::Tensor crops = at::rand({2, 3, 64, 64}) * 255;
  const at::Tensor apart = model.features(crops);
  model.share_equal_layers();  // they differ
  CHECK(model.features(crops).equal(apart));

  const auto is_low = [](const std::string& name) {
    return name.find("stem") != std::string::npos || name.find("block_0.") != std::string::npos ||
           name.find("block_1.") != std::string::npos || name.find("block_2.") != std::string::npos;
  };
  int equal = 0;
  for (auto& item : parameters) {
    const std::string prior = "prior." + item.key();
    if (!item.key().starts_with("backbone.") || !is_low(item.key())) continue;
    REQUIRE(parameters.contains(prior));
    parameters[prior].copy_(item.value());
    ++equal;
  }
  CHECK(equal > 10);
  const at::Tensor twice = model.features(crops);
  model.share_equal_layers();
  CHECK(difference(model.features(crops), twice) == 0);
  const at::Tensor key = at::tensor({1}, at::kLong);
  const at::Tensor some = model.features(crops, key);
  CHECK(some.size(2) == model.feature_channels());
  CHECK(some[0].slice(1, MovenetImpl::kChannels).eq(0).all().item<bool>());
  // Shared after all: what only the backbone's copy of a first layer does reaches the prior.
  for (auto& item : parameters) {
    if (item.key().starts_with("backbone.") && is_low(item.key())) item.value().mul_(0.5);
  }
  const auto of_prior = [](const at::Tensor& all) { return all.slice(2, MovenetImpl::kChannels); };
  CHECK(difference(of_prior(model.features(crops)), of_prior(twice)) > 0);
}

TEST_CASE("the prior requires its backbone, logits and another head") {
  CHECK_NOTHROW(prior_config().validate());
  ModelConfig config = prior_config();
  config.loss.kind = LossKind::kMse;
  CHECK_THROWS_AS(config.validate(), Error);
  config = prior_config();
  config.backbone.kind = BackboneKind::kVit;
  CHECK_THROWS_AS(config.validate(), Error);
}
