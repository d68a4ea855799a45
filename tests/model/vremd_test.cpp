// SPDX-License-Identifier: Apache-2.0
#include "model/vremd.h"

#include "catch_torch.h"
#include "core/error.h"
#include "ops/tensor_ops.h"
#include "tiny_model.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>

#include <cmath>
#include <functional>

using namespace vremd;
using namespace vremd::model;

namespace {

// The models are too small for threads.
[[maybe_unused]] const bool kOneThread = (at::set_num_threads(1), true);

ModelConfig preset_of(const std::string& preset, VitSize size) {
  ModelConfig config = network_of_preset(preset);
  config.backbone.size = size;
  return config;
}

std::int64_t parameters_beside_the_backbone(const ModelConfig& config) {
  const ConstructionDevice meta(at::kMeta);
  std::int64_t count = 0;
  for (const auto& item : VremdImpl(config).named_parameters()) {
    if (!item.key().starts_with("backbone.")) count += item.value().numel();
  }
  return count;
}

at::Tensor random_features(const VremdImpl& model, std::int64_t batch) {
  const auto& c = model.config;
  return at::randn({batch, c.frames(), c.tokens_h() * c.tokens_w(), c.dim()});
}

// Forward and backward; every parameter must have a gradient.
void check_gradients(const ModelConfig& config) {
  const auto model = tiny_model(3, config);
  model->train();
  const auto output = model->forward(random_features(*model, 3));
  CHECK(output.heatmaps_bkhw.sizes() ==
        at::IntArrayRef(
            {3, config.joints().size(), config.heatmap_height(), config.heatmap_width()}));
  CHECK(output.heatmaps_bkhw.isfinite().all().item<bool>());
  (output.heatmaps_bkhw - 1).square().mean().backward();
  for (const auto& item : model->named_parameters()) {
    if (item.key().starts_with("backbone.")) continue;
    CAPTURE(item.key());
    if (item.key().ends_with(".k.bias")) continue;  // cancels in the softmax
    REQUIRE(item.value().grad().defined());
    CHECK(item.value().grad().isfinite().all().item<bool>());
    CHECK(item.value().grad().abs().max().item<float>() > 0);
  }
}

}  // namespace

TEST_CASE("presets have the parameters of METHOD 11.4") {
  struct Row {
    const char* preset;
    std::array<std::int64_t, 4> counts;  // S, B, L, H
  };
  const std::vector<Row> rows = {
      {"table4_baseline", {2626319, 4199183, 5247759, 6296335}},
      {"table4_a", {15069455, 51052943, 87329935, 133437327}},
      {"table4_b", {12347183, 42514991, 73112623, 112098863}},
      {"table4_c", {24495023, 88188335, 153096623, 235961775}},
      {"table5_a", {16045871, 56842415, 98458031, 151607983}},
      {"table5_b", {19596719, 71021999, 123655599, 190969263}},
      {"table5_c", {20944175, 74008751, 127899055, 196600495}},
      {"table5_d", {24495023, 88188335, 153096623, 235961775}},
      {"table6_a", {58506863, 165055343, 263448943, 383731567}},
      {"table6_b", {18987599, 66556751, 114817359, 176316239}},
      {"table6_c", {19929887, 70210847, 121262367, 186338591}},
      {"table6_d", {24495023, 88188335, 153096623, 235961775}},
      {"narrow", {14098391, 47046359, 80152791, 122172119}},
      {"deep", {44272079, 166670543, 292342479, 453272783}},
  };
  const std::array sizes = {VitSize::kS, VitSize::kB, VitSize::kL, VitSize::kH};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      CAPTURE(row.preset, name_of(sizes[i]));
      CHECK(parameters_beside_the_backbone(preset_of(row.preset, sizes[i])) == row.counts[i]);
    }
  }
  const std::array<std::int64_t, 4> directions = {23313839, 83466671, 144703919, 222849455};
  const std::array<std::int64_t, 4> concat = {24939311, 90404399, 157149231, 242375215};
  const std::array<std::int64_t, 4> one_dilation = {23995631, 74802671, 124238831, 186126831};
  const std::array<std::int64_t, 4> joints17 = {24497841, 88193457, 153103281, 235969969};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    ModelConfig config = preset_of("paper", sizes[i]);
    config.bmd.adc = AdcKind::kDirections;
    CHECK(parameters_beside_the_backbone(config) == directions[i]);
    config = preset_of("paper", sizes[i]);
    config.hkme.reduce = TokenReduction::kConcat;
    CHECK(parameters_beside_the_backbone(config) == concat[i]);
    config = preset_of("table6_a", sizes[i]);
    config.bmd.dc.dilations = {3};
    CHECK(parameters_beside_the_backbone(config) == one_dilation[i]);
    config = preset_of("paper", sizes[i]);
    config.model.joints = "posetrack17";
    CHECK(parameters_beside_the_backbone(config) == joints17[i]);
  }
}

TEST_CASE("the vision transformers have the sizes of METHOD 4.1") {
  const std::vector<std::pair<VitSize, double>> sizes = {
      {VitSize::kS, 21.7}, {VitSize::kB, 85.8}, {VitSize::kL, 303.3}, {VitSize::kH, 630.9}};
  const ConstructionDevice meta(at::kMeta);
  for (const auto& [size, millions] : sizes) {
    std::int64_t count = 0;
    const auto vit = make_backbone(preset_of("table4_baseline", size));
    for (const at::Tensor& parameter : vit->parameters()) count += parameter.numel();
    CAPTURE(name_of(size), count);
    CHECK(std::abs(static_cast<double>(count) / 1e6 - millions) < 0.06);
  }
}

TEST_CASE("every preset runs forward and backward") {
  check_gradients(tiny_config(GENERATE("paper", "paper_strict", "vitpose_coco", "table4_baseline",
                                       "table4_a", "table4_b", "table5_a", "table5_b", "table5_c",
                                       "table6_a", "table6_b", "table6_c", "narrow", "deep")));
}

TEST_CASE("every option runs forward and backward") {
  using Edit = std::function<void(ModelConfig&)>;
  const std::vector<std::pair<const char*, Edit>> options = {
      {"norm post", [](auto& c) { c.hkme.norm = NormPlace::kPost; }},
      {"first_norm skip", [](auto& c) { c.hkme.first_norm = FirstNorm::kSkip; }},
      {"scale+bias", [](auto& c) { c.hkme.mask_mode = MaskMode::kScaleAndBias; }},
      {"scale+bias of both",
       [](auto& c) {
         c.hkme.mask_mode = MaskMode::kScaleAndBias;
         c.hkme.human.activation = HumanActivation::kSigmoid;
       }},
      {"shared tokens", [](auto& c) { c.hkme.tokens_shared = true; }},
      {"no temporal embedding", [](auto& c) { c.hkme.temporal_embed = false; }},
      {"keypoint embedding", [](auto& c) { c.hkme.keypoint.temporal_embed = true; }},
      {"sine", [](auto& c) { c.hkme.pos_embed = PositionEmbedding::kSine; }},
      {"sine-full", [](auto& c) { c.hkme.pos_embed = PositionEmbedding::kSineFull; }},
      {"reduce concat", [](auto& c) { c.hkme.reduce = TokenReduction::kConcat; }},
      {"reduce temporal", [](auto& c) { c.hkme.reduce = TokenReduction::kTemporal; }},
      {"out_residual", [](auto& c) { c.hkme.out_residual = true; }},
      {"cosine", [](auto& c) { c.hkme.human.activation = HumanActivation::kCosine; }},
      {"tokens without mask", [](auto& c) { c.hkme.keypoint.mask = false; }},
      {"max1", [](auto& c) { c.hkme.keypoint.norm = KeypointNorm::kMax1; }},
      {"per_frame", [](auto& c) { c.hkme.keypoint.sum = KeypointSum::kPerFrame; }},
      {"key_frame", [](auto& c) { c.hkme.keypoint.sum = KeypointSum::kKeyFrame; }},
      {"trained joints", [](auto& c) { c.model.trained_joints = {{"nose", "left_hip"}}; }},
      {"directions",
       [](auto& c) {
         c.bmd.adc = AdcKind::kDirections;
         c.bmd.share_directions = false;
       }},
      {"directions without CA",
       [](auto& c) {
         c.bmd.adc = AdcKind::kDirections;
         c.bmd.ca.enabled = false;
       }},
      {"no residual", [](auto& c) { c.bmd.residual = false; }},
      {"norm_x none", [](auto& c) { c.bmd.norm_x = MotionNorm::kNone; }},
      {"norm_f none", [](auto& c) { c.bmd.norm_f = MotionNorm::kNone; }},
      {"fusion conv3x3", [](auto& c) { c.bmd.fusion = MotionFusion::kConv3x3; }},
      {"fusion mlp", [](auto& c) { c.bmd.fusion = MotionFusion::kMlp; }},
      {"query motion", [](auto& c) { c.bmd.ca.query = CaQuery::kMotion; }},
      {"query other", [](auto& c) { c.bmd.ca.query = CaQuery::kOtherDirection; }},
      {"no CA", [](auto& c) { c.bmd.ca.enabled = false; }},
      {"5 points", [](auto& c) { c.bmd.dca.points = 5; }},
      {"8 groups of 4 heads", [](auto& c) { c.bmd.dca.groups = 8; }},
      {"psi dense3", [](auto& c) { c.bmd.dca.psi = DcaPsi::kDense3; }},
      {"psi 1x1", [](auto& c) { c.bmd.dca.psi = DcaPsi::k1x1; }},
      {"psi dw7", [](auto& c) { c.bmd.dca.psi = DcaPsi::kDw7; }},
      {"border zeros", [](auto& c) { c.bmd.dca.border = DcaBorder::kZeros; }},
      {"directional start", [](auto& c) { c.bmd.dca.init = DcaInit::kDirectional; }},
      {"random start", [](auto& c) { c.bmd.dca.init = DcaInit::kRandom; }},
      {"shared grid", [](auto& c) { c.bmd.dca.mode = DcaMode::kSharedGrid; }},
      {"shared grid as DAT",
       [](auto& c) {
         c.bmd.dca.mode = DcaMode::kSharedGrid;
         c.bmd.dca.psi = DcaPsi::kDw5;
         c.bmd.dca.range = 2;
         c.bmd.dca.groups = 8;
         c.bmd.dca.border = DcaBorder::kZeros;
         c.bmd.dca.init = DcaInit::kRandom;
       }},
      {"DA of two directions", [](auto& c) { c.bmd.op = MotionOp::kDa; }},
      {"DA, directions",
       [](auto& c) {
         c.bmd.op = MotionOp::kDa;
         c.bmd.adc = AdcKind::kDirections;
         c.bmd.share_directions = false;
       }},
      {"DC of two directions",
       [](auto& c) {
         c.bmd.op = MotionOp::kDc;
         c.bmd.ca.enabled = false;
         c.bmd.share_directions = false;
       }},
      {"DC without weights of the points",
       [](auto& c) {
         c.bmd.op = MotionOp::kDc;
         c.bmd.ca.enabled = c.bmd.dc.modulated = false;
       }},
      {"hidden 0", [](auto& c) { c.hk.hidden = 0; }},
      {"add", [](auto& c) { c.hm.aggregate = HmAggregate::kAdd; }},
      {"simple head", [](auto& c) { c.model.head = HeadKind::kSimple; }},
  };
  for (const auto& [name, edit] : options) {
    CAPTURE(name);
    ModelConfig config = tiny_config();
    edit(config);
    check_gradients(config);
  }
}

TEST_CASE("a model narrower than its backbone projects the tokens") {
  ModelConfig config = tiny_config();
  config.model.dim = 32;
  const auto model = tiny_model(1, config);
  at::NoGradGuard no_grad;
  const at::Tensor features = model->features(at::randn({3, 3, 96, 64}));
  CHECK(features.sizes() == at::IntArrayRef({3, 24, 64}));
  const auto output = model->forward(features.unsqueeze(0), true);
  CHECK(output.f_joint.sizes() == at::IntArrayRef({1, 3, 24, 32}));
  CHECK(model->named_parameters().contains("proj.fc.weight"));
}

TEST_CASE("intermediates are kept on request") {
  const auto model = tiny_model();
  at::NoGradGuard no_grad;
  const at::Tensor features = random_features(*model, 2);
  const auto output = model->forward(features, true);
  CHECK(output.human_mask.sizes() == at::IntArrayRef({2, 3, 24}));
  CHECK(output.keypoint_mask.sizes() == at::IntArrayRef({2, 3, 24}));
  CHECK(output.f_human.sizes() == at::IntArrayRef({2, 3, 24, 64}));
  CHECK(output.offsets.sizes() == at::IntArrayRef({2, 2, 1, 24, 4, 9, 2}));
  CHECK(difference(output.heatmaps_bkhw, 0.5 * output.hk + 0.5 * output.hm) < 1e-6);
  const auto usual = model->forward(features);
  CHECK(difference(usual.human_mask, output.human_mask) == 0);
  CHECK_FALSE(usual.f_human.defined());
  CHECK_FALSE(usual.offsets.defined());
}

// METHOD 10.5.
TEST_CASE("tokens are standardised without a change of H_m") {
  ModelConfig config = tiny_config();
  config.model.dim = 32;
  const auto model = tiny_model(1, config);
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : model->parameters()) parameter.normal_(0, 0.2);
  model->eval();
  const at::Tensor crops = at::randn({6, 3, 96, 64});
  const auto tokens = [&] {
    model->project_features = true;
    const at::Tensor result = model->features(crops).flatten(0, 1);
    model->project_features = false;
    return result;
  };
  Parts motion;
  motion.add(Part::kMotion);
  motion.add(Part::kHkme);  // M is then the same before and after
  const auto hm = [&] {
    return model->forward(model->features(crops).unflatten(0, {2, 3}), false, {}, motion).hm;
  };
  const at::Tensor before = hm(), given = tokens();
  model->standardise_tokens(given.mean(0), given.std(0), true);
  CHECK(tokens().mean(0).abs().max().item<float>() < 1e-4);
  CHECK(difference(tokens().std(0), at::ones({32})) < 1e-4);
  CHECK(difference(hm(), before) < 1e-3 * before.abs().max().item<float>());
  model->standardise_tokens(at::zeros({32}), at::full({32}, 2.0), false);
  CHECK(difference(hm(), before) > 1e-2 * before.abs().max().item<float>());
}

TEST_CASE("attention by products in bfloat16 is attention") {
  at::manual_seed(3);
  const auto random = [] { return at::randn({2, 4, 30, 8}); };
  const at::Tensor q = random(), k = random(), v = random(), bias = at::randn({2, 30});
  const at::Tensor want = attend(q, k, v, bias);
  const at::Tensor half = q.to(at::kBFloat16).requires_grad_(true);
  const at::Tensor got =
      attend(half, k.to(at::kBFloat16), v.to(at::kBFloat16), bias.to(at::kBFloat16));
  CHECK(got.scalar_type() == at::kBFloat16);
  CHECK(difference(got.to(at::kFloat), want) < 0.05);
  CHECK(difference(got.to(at::kFloat), attend(q, k, v).to(at::kFloat)) > 0.1);
  got.sum().backward();
  CHECK(half.grad().isfinite().all().item<bool>());
}

TEST_CASE("coordinates and masks stay in float32 under autocast") {
  at::manual_seed(3);
  const ModelConfig config = tiny_config("paper");
  LinearImpl layer(16, 8);
  init_layers(layer);
  const at::Tensor x = at::randn({4, 16});
  const at::Tensor exact = layer.forward(x);
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const at::Tensor rounded = layer.forward(x);
  layer.keep_float = true;
  const at::Tensor kept = layer.forward(x);
  const KeypointMaskImpl mask(config);
  const at::Tensor keypoints = at::randn({2, 3, 15, config.dim()}) * 3,
                   tokens = at::randn({2, 3, 24, config.dim()});
  const at::Tensor under = mask.mask_of(keypoints, tokens);
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  CHECK(difference(rounded, exact) > 0);
  CHECK(difference(kept, exact) == 0);
  CHECK(difference(under, mask.mask_of(keypoints, tokens)) == 0);
}

// METHOD 9.1. Each part by what it must then be, and by its effect.
TEST_CASE("a part that is knocked out knows nothing") {
  ModelConfig config = tiny_config("paper");
  const auto model = tiny_model(1, config);
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : model->parameters()) parameter.normal_(0, 0.2);
  const at::Tensor features = random_features(*model, 2);
  const auto with = model->forward(features, true);
  const auto without = [&](std::initializer_list<Part> parts) {
    Parts all;
    for (const Part part : parts) all.add(part);
    return model->forward(features, true, {}, all);
  };
  const auto same_for_all = [](const at::Tensor& x) {
    return difference(x, x.slice(0, 0, 1).expand_as(x)) < 1e-5;
  };
  REQUIRE_FALSE(same_for_all(with.hk));

  const auto human = without({Part::kHumanMask});
  CHECK(difference(human.human_mask, at::ones_like(human.human_mask)) == 0);
  CHECK(difference(human.hk, with.hk) > 1e-3);
  const auto keypoint = without({Part::kKeypointMask});
  CHECK(difference(keypoint.keypoint_mask, at::ones_like(keypoint.keypoint_mask)) < 1e-5);
  CHECK(difference(keypoint.f, with.f) > 1e-3);
  CHECK(difference(keypoint.hk, with.hk) == 0);
  const auto hk = without({Part::kHk});
  CHECK(same_for_all(hk.hk));
  CHECK(difference(hk.hm, with.hm) == 0);
  const auto hkme = without({Part::kHkme});
  CHECK(same_for_all(hkme.hk));
  CHECK(hkme.f.abs().max().item<float>() == 0);
  CHECK(difference(hkme.human_mask, at::ones_like(hkme.human_mask)) == 0);

  for (const Part part : {Part::kDca, Part::kCa, Part::kOffsets}) {
    CAPTURE(name_of(part));
    CHECK(difference(without({part}).m, with.m) > 1e-3);
    CHECK(difference(without({part}).f, with.f) == 0);
  }
  const at::Tensor grid = without({Part::kOffsets}).offsets;
  CHECK(difference(grid, grid.round()) == 0);
  CHECK(grid.abs().max().item<float>() == 1);

  // Without one direction M depends on the other neighbour only, without both on none.
  at::Tensor other = features.clone();
  other.select(1, 2).normal_();
  const auto m_of = [&](const at::Tensor& of, Part part) {
    Parts parts;
    parts.add(part);
    parts.add(Part::kHkme);  // F depends on all frames
    return model->forward(of, true, {}, parts).m;
  };
  CHECK(difference(m_of(other, Part::kForward), m_of(features, Part::kForward)) == 0);
  CHECK(difference(m_of(other, Part::kBackward), m_of(features, Part::kBackward)) > 1e-3);
  CHECK(difference(m_of(other, Part::kMotion), m_of(features, Part::kMotion)) == 0);
  const at::Tensor still = without({Part::kMotion}).m;
  CHECK(difference(still, still.slice(1, 0, 1).expand_as(still)) < 1e-4);
}

TEST_CASE("parts are those that the configuration has") {
  ModelConfig config = tiny_config("paper");
  CHECK(config.has_part(Part::kHkme));
  CHECK(config.has_part(Part::kKeypointMask));
  CHECK(config.has_part(Part::kMotion));
  CHECK_FALSE(config.has_part(Part::kPrior));
  config.hkme.keypoint.mask = config.hkme.keypoint.tokens = config.bmd.ca.enabled = false;
  CHECK_FALSE(config.has_part(Part::kKeypointMask));
  CHECK_FALSE(config.has_part(Part::kHk));
  CHECK_FALSE(config.has_part(Part::kCa));
  CHECK(config.has_part(Part::kHumanMask));
  config.hkme.enabled = config.bmd.enabled = false;
  CHECK_FALSE(config.has_part(Part::kHumanMask));
  CHECK_FALSE(config.has_part(Part::kForward));
}

// METHOD 13.3.
TEST_CASE("the mean of the keypoint mask follows its norm") {
  ModelConfig config = tiny_config();
  const bool all_trained = GENERATE(true, false);
  if (!all_trained) config.model.trained_joints = {{"nose", "left_knee", "right_ankle"}};
  const std::int64_t trained = all_trained ? 15 : 3;
  const std::int64_t n = config.tokens_h() * config.tokens_w(), d = config.dim();
  at::manual_seed(5);
  const at::Tensor keypoints = at::randn({2, 3, 15, d}) * 3, tokens = at::randn({2, 3, n, d});
  const auto mask_with = [&](KeypointNorm norm, KeypointSum sum) {
    config.hkme.keypoint.norm = norm;
    config.hkme.keypoint.sum = sum;
    return KeypointMaskImpl(config).mask_of(keypoints, tokens);
  };
  const auto check_sum = [&](const at::Tensor& mask, double sum) {
    REQUIRE(mask.sizes() == at::IntArrayRef({2, 3, n}));
    CHECK(difference(mask.sum({1, 2}), at::full({2}, sum)) < 1e-3);
    CHECK(mask.amax().item<double>() > 1.5 * mask.mean().item<double>());  // not uniform
  };
  check_sum(mask_with(KeypointNorm::kMean1, KeypointSum::kAll), static_cast<double>(3 * n));
  check_sum(mask_with(KeypointNorm::kLiteral, KeypointSum::kAll), static_cast<double>(3 * trained));
  check_sum(mask_with(KeypointNorm::kMean1, KeypointSum::kKeyFrame), static_cast<double>(3 * n));
  check_sum(mask_with(KeypointNorm::kLiteral, KeypointSum::kKeyFrame),
            static_cast<double>(trained));
  const at::Tensor max1 = mask_with(KeypointNorm::kMax1, KeypointSum::kAll);
  CHECK(difference(max1.amax({1, 2}), at::ones({2})) < 1e-6);

  // With fewer annotated joints the mask is that of a model trained on these.
  at::Tensor annotated = at::zeros({2, 15});
  annotated[0][2] = annotated[0][14] = 1;  // head_top, right_ankle
  annotated[1].fill_(1);
  for (const KeypointSum sum :
       {KeypointSum::kAll, KeypointSum::kKeyFrame, KeypointSum::kPerFrame}) {
    for (const KeypointNorm norm :
         {KeypointNorm::kMean1, KeypointNorm::kLiteral, KeypointNorm::kMax1}) {
      config.hkme.keypoint.sum = sum;
      config.hkme.keypoint.norm = norm;
      const at::Tensor both = KeypointMaskImpl(config).mask_of(keypoints, tokens, annotated);
      ModelConfig less = config;
      less.model.trained_joints = {{"right_ankle"}};
      if (all_trained) less.model.trained_joints->push_back("head_top");
      CHECK(difference(both[0], KeypointMaskImpl(less).mask_of(keypoints, tokens)[0]) < 1e-4);
      CHECK(difference(both[1], mask_with(norm, sum)[1]) < 1e-6);
    }
  }

  // per_frame: the share of each frame's rows within that frame; the rest is in all rows.
  const at::Tensor own = mask_with(KeypointNorm::kLiteral, KeypointSum::kPerFrame);
  const at::Tensor all = mask_with(KeypointNorm::kLiteral, KeypointSum::kAll);
  CHECK((own <= all + 1e-6).all().item<bool>());
  CHECK(own.sum().item<double>() < all.sum().item<double>());
  if (all_trained) {  // by hand
    const at::Tensor map =
        at::softmax(at::matmul(keypoints.flatten(1, 2), tokens.flatten(1, 2).transpose(1, 2)) /
                        std::sqrt(static_cast<double>(d)),
                    -1);
    CHECK(difference(own.select(1, 2), map.slice(1, 30, 45).slice(2, 2 * n).sum(1)) < 1e-5);
    // With a softmax over the keypoints the sum over them would be constant.
    const at::Tensor other = at::softmax(map, 1).sum(1);
    CHECK(difference(other, at::ones_like(other)) < 1e-5);
  }
}

// METHOD 13.6.
TEST_CASE("without motion BMD gives a finite constant") {
  ModelConfig config = tiny_config("paper");
  at::manual_seed(2);
  BmdImpl bmd(config);
  init_layers(bmd);
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : bmd.parameters()) parameter.normal_(0, 0.2);
  const at::Tensor frame = at::randn({2, 1, 24, 64}), f = at::randn({2, 24, 64});
  const at::Tensor m = bmd.forward(frame.expand({2, 3, 24, 64}), f).m;
  CHECK(m.isfinite().all().item<bool>());
  CHECK(difference(m, m.slice(1, 0, 1).expand_as(m)) < 1e-4);
  const at::Tensor moved = bmd.forward(at::randn({2, 3, 24, 64}), f).m;
  CHECK(difference(moved, moved.slice(1, 0, 1).expand_as(moved)) > 0.1);
}

// METHOD 13.7.
TEST_CASE("swapping both the neighbours and the directions' weights has no effect") {
  ModelConfig config = tiny_config("paper");
  config.bmd.ca.query = GENERATE(CaQuery::kFeature, CaQuery::kOtherDirection);
  at::manual_seed(2);
  BmdImpl bmd(config), mirrored(config);
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : bmd.parameters()) parameter.normal_(0, 0.2);
  const auto from = bmd.named_parameters();
  for (auto& item : mirrored.named_parameters()) {
    std::string name = item.key();
    if (name == "fuse.weight") {
      const auto halves = from[name].chunk(2, 1);
      item.value().copy_(at::cat({halves[1], halves[0]}, 1));
      continue;
    }
    if (name.starts_with("fwd.")) {
      name.replace(0, 3, "bwd");
    } else if (name.starts_with("bwd.")) {
      name.replace(0, 3, "fwd");
    }
    item.value().copy_(from[name]);
  }
  const at::Tensor fm = at::randn({2, 3, 24, 64}), f = at::randn({2, 24, 64});
  CHECK(difference(bmd.forward(fm, f).m, mirrored.forward(fm.flip(1), f).m) < 1e-4);
  CHECK(difference(bmd.forward(fm, f).m, bmd.forward(fm.flip(1), f).m) > 0.1);
}

// METHOD 13.8: the caller encodes each distinct crop once.
TEST_CASE("features of distinct crops can be shared by frames") {
  const auto model = tiny_model();
  at::NoGradGuard no_grad;
  const at::Tensor crops = at::randn({2, 3, 96, 64});  // the first frame is its own neighbour
  const at::Tensor index = at::tensor({0, 0, 1}, at::kLong);
  const at::Tensor shared = model->features(crops).index_select(0, index).unsqueeze(0);
  const at::Tensor each = model->features(crops.index_select(0, index)).unsqueeze(0);
  CHECK(difference(model->forward(shared).heatmaps_bkhw, model->forward(each).heatmaps_bkhw) <
        1e-5);
}

// METHOD 13.9.
TEST_CASE("a person's heatmaps do not depend on the batch") {
  const bool bf16 = GENERATE(false, true);
  const auto model = tiny_model();
  if (bf16) model->to_bf16();
  at::NoGradGuard no_grad;
  const std::int64_t persons = 64;
  const at::Tensor crops = at::randn({3 * persons, 3, 96, 64});
  const auto heatmaps = [&](const at::Tensor& of) {
    return model->forward(model->features(of).unflatten(0, {-1, 3})).heatmaps_bkhw;
  };
  const at::Tensor together = heatmaps(crops);
  const auto places = [](const at::Tensor& maps) {  // heatmap pixels
    return ops::heatmap_decode(maps, ops::Decode::kDarkUdp).slice(2, 0, 2);
  };
  for (const std::int64_t person : {0, 17, 63}) {
    const at::Tensor alone = heatmaps(crops.slice(0, 3 * person, 3 * person + 3));
    const at::Tensor its = together.slice(0, person, person + 1);
    CHECK(difference(alone, its) < (bf16 ? 2e-2 : 1e-4));
    CHECK(difference(places(alone), places(its)) < 0.05);
  }
  CHECK(difference(together[0], together[1]) > 0.1);  // people differ
}

TEST_CASE("bfloat16 keeps heads and coordinates in float32 and similar heatmaps") {
  const auto model = tiny_model(), half = tiny_model();
  half->to_bf16();
  const auto parameters = half->named_parameters();
  CHECK(parameters["backbone.blocks.0.attn.qkv.weight"].scalar_type() == at::kBFloat16);
  CHECK(parameters["hkme.temporal.0.mlp.fc1.weight"].scalar_type() == at::kBFloat16);
  CHECK(parameters["bmd.fwd.0.dca.k.weight"].scalar_type() == at::kBFloat16);
  for (const char* name :
       {"bmd.fwd.0.dca.offset.weight", "hk.fc2.weight", "hm.agg.weight", "hm.final_layer.weight",
        "hkme.human.token", "backbone.pos_embed", "backbone.blocks.0.norm1.weight"}) {
    CAPTURE(name);
    CHECK(parameters[name].scalar_type() == at::kFloat);
  }
  at::NoGradGuard no_grad;
  const at::Tensor crops = at::randn({3, 3, 96, 64});
  const auto heatmaps = [&](VremdImpl& of) {
    return of.forward(of.features(crops).unsqueeze(0)).heatmaps_bkhw;
  };
  const at::Tensor exact = heatmaps(*model), rounded = heatmaps(*half);
  CHECK(rounded.scalar_type() == at::kFloat);
  const double nmse = ((exact - rounded).square().sum() / exact.square().sum()).item<double>();
  CAPTURE(nmse);
  CHECK(nmse < 1e-2);
  CHECK(nmse > 0);
}

TEST_CASE("attention over frames is attention") {
  at::manual_seed(3);
  BlockImpl block({.dim = 32, .heads = 4});
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : block.parameters()) parameter.normal_(0, 0.3);
  const at::Tensor x = at::randn({2, 3, 10, 32});
  const at::Tensor expected =
      block.forward(x.transpose(1, 2).reshape({20, 3, 32})).view({2, 10, 3, 32}).transpose(1, 2);
  CHECK(difference(block.forward(x), expected) < 1e-4);
}

TEST_CASE("with a mask bias a masked key is not attended to") {
  at::manual_seed(3);
  BlockImpl block({.dim = 32, .heads = 4});
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : block.parameters()) parameter.normal_(0, 0.3);
  at::Tensor x = at::randn({1, 6, 32}), bias = at::zeros({1, 6});
  bias[0][5] = -1e4;
  const at::Tensor before = block.forward(x, bias).slice(1, 0, 5);
  x[0][5] = at::randn({32});
  CHECK(difference(block.forward(x, bias).slice(1, 0, 5), before) < 1e-6);
  CHECK(difference(block.forward(x).slice(1, 0, 5), before) > 1e-3);
}

TEST_CASE("the first row of pos_embed is added to every token") {
  const auto model = tiny_model(1, tiny_config("table4_baseline"));
  at::NoGradGuard no_grad;
  const at::Tensor crops = at::randn({1, 3, 96, 64});
  const at::Tensor before = model->features(crops);
  CHECK(before.sizes() == at::IntArrayRef({1, 24, 64}));
  at::Tensor pos = model->named_parameters()["backbone.pos_embed"];
  REQUIRE(pos.sizes() == at::IntArrayRef({1, 25, 64}));
  pos.slice(1, 1) += pos.slice(1, 0, 1).clone();
  pos.slice(1, 0, 1).zero_();
  CHECK(difference(model->features(crops), before) < 1e-5);
}

TEST_CASE("training does not change a frozen backbone") {
  for (const bool freeze : {true, false}) {
    ModelConfig config = tiny_config();
    config.backbone.freeze = freeze;
    const auto model = tiny_model(1, config);
    model->train();
    CHECK(model->named_children()["backbone"]->is_training() == !freeze);
    CHECK(model->named_children()["hm"]->is_training());
    CHECK(model->features(at::randn({1, 3, 96, 64})).requires_grad() == !freeze);
  }
}

TEST_CASE("logits become probabilities with 1 for a perfect peak") {
  ModelConfig config = tiny_config("table4_baseline");
  config.loss.kind = LossKind::kCe;
  const VremdImpl model(config);
  const std::int64_t h = config.heatmap_height(), w = config.heatmap_width();
  const at::Tensor y = (at::arange(h) - 10).square().view({h, 1}), x = (at::arange(w) - 7).square();
  const at::Tensor logits = -(y + x).to(at::kFloat) / (2 * 2.0 * 2.0) + 5;  // sigma 2
  const at::Tensor p = model.probabilities(logits.view({1, 1, h, w}));
  CHECK(std::abs(p[0][0][10][7].item<double>() - 1) < 0.01);
  CHECK(p.max().item<double>() <= 1);
  CHECK(std::abs(p[0][0][10][9].item<double>() - std::exp(-0.5)) < 0.01);
  const VremdImpl mse(tiny_config("table4_baseline"));
  CHECK(mse.probabilities(logits).is_same(logits));
}

TEST_CASE("a model of three frames starts with the heatmaps of a single-frame model") {
  ModelConfig single_config = tiny_config("table4_baseline"), config = tiny_config();
  const HeadKind head = GENERATE(HeadKind::kClassic, HeadKind::kSimple);
  single_config.model.head = config.model.head = head;
  single_config.model.joints = "coco17";
  config.heatmap.weights = {0.25, 0.75};
  const auto single = tiny_model(1, single_config);
  at::manual_seed(9);
  const auto model = std::make_shared<VremdImpl>(config);
  model->init();
  model->init_from_single_frame(*single);
  model->eval();
  at::NoGradGuard no_grad;
  const at::Tensor crops = at::randn({3, 3, 96, 64});
  const at::Tensor before =
      single->forward(single->features(crops.slice(0, 1, 2)).unsqueeze(0)).heatmaps_bkhw;
  const auto after = model->forward(model->features(crops).unsqueeze(0));
  const at::Tensor from_hm = 0.75 * after.hm;  // H without the untrained branch
  CHECK(after.hk.abs().max().item<double>() < 0.05);
  const JointSet ours = config.joints(), theirs = single_config.joints();
  const auto row = [&](const at::Tensor& maps, const JointSet& set, const char* joint) {
    return maps[0][set.index(joint)];
  };
  CHECK(difference(row(from_hm, ours, "left_knee"), row(before, theirs, "left_knee")) < 1e-4);
  CHECK(difference(row(from_hm, ours, "head_bottom"),
                   (row(before, theirs, "left_shoulder") + row(before, theirs, "right_shoulder")) /
                       2) < 1e-4);
  CHECK(row(from_hm, ours, "head_top").abs().max().item<double>() == 0);

  ModelConfig other = config;
  other.hm.channels = 16;
  if (head == HeadKind::kClassic) {
    CHECK_THROWS_AS(VremdImpl(other).init_from_single_frame(*single), Error);
  }
  CHECK_THROWS_AS(model->init_from_single_frame(*tiny_model()), Error);
}
