// SPDX-License-Identifier: Apache-2.0

// Gradients of sampling, attention and matrix products against finite differences in float64.

#include "finite_differences.h"
#include "model/bmd.h"
#include "model/dc.h"
#include "model/dca.h"
#include "model/vremd.h"
#include "tiny_model.h"

using namespace vremd;
using namespace vremd::model;

namespace {

constexpr std::int64_t kRows = 5, kColumns = 4, kCells = kRows * kColumns, kDim = 8;

SamplePoints random_points(std::int64_t groups, std::int64_t count, bool zeros) {
  // Some are outside the map, none on a line between cells, where the derivative is undefined.
  const at::Tensor location = (at::rand({2, kCells, groups, count, 2}, at::kDouble) * 9 - 2);
  return {location.requires_grad_(), kRows, kColumns, zeros};
}

// Small and in float64: a map of 6 x 4 cells, width 16.
ModelConfig small_config(const std::string& preset = "narrow") {
  ModelConfig config = tiny_config(preset);
  config.model.dim = 16;
  config.model.heads = 4;
  config.model.joints = "nose,left_wrist,right_wrist";
  config.hm.channels = 4;
  config.bmd.dc.groups = 4;
  config.bmd.dc.dilations = {1, 3};
  return config;
}

}  // namespace

TEST_CASE("a bias of the keys is attended to as in products, with its gradient") {
  at::manual_seed(2);
  for (const auto type : {at::kDouble, at::kFloat}) {
    const auto random = [&](at::IntArrayRef shape) {
      return at::randn(shape, type).requires_grad_();
    };
    const std::vector<at::Tensor> inputs = {random({2, 3, 11, 16}), random({2, 3, 7, 16}),
                                            random({2, 3, 7, 16}), random({2, 7})};
    const at::Tensor weights = at::randn({2, 3, 11, 16}, type);
    const auto gradients = [&](const at::Tensor& attended) {
      (attended * weights).sum().backward();
      std::vector<at::Tensor> result = {attended.detach()};
      for (const at::Tensor& input : inputs) {
        result.push_back(input.grad().clone());
        input.mutable_grad().reset();
      }
      return result;
    };
    const auto folded = gradients(attend(inputs[0], inputs[1], inputs[2], inputs[3]));
    const at::Tensor logits =
        at::matmul(inputs[0], inputs[1].transpose(2, 3)) / 4 + inputs[3].view({2, 1, 1, 7});
    const auto products = gradients(at::matmul(at::softmax(logits, -1), inputs[2]));
    for (std::size_t i = 0; i < folded.size(); ++i) {
      CAPTURE(i);
      CHECK(at::allclose(folded[i], products[i], 1e-4, 1e-5));
    }
    // Without a gradient for the bias, the same numbers.
    const at::Tensor plain = attend(inputs[0], inputs[1], inputs[2], inputs[3].detach());
    CHECK(at::allclose(plain.detach(), products[0], 1e-4, 1e-5));
  }
}

TEST_CASE("gradients: attention at sampled points, both implementations") {
  at::manual_seed(1);
  const bool zeros = GENERATE(false, true);
  const std::int64_t groups = GENERATE(1, 2, 4);
  PointAttentionArgs args;
  args.q = random_leaf({2, kCells, kDim});
  args.k = random_leaf({2, kCells, kDim});
  args.v = random_leaf({2, kCells, kDim});
  args.points = random_points(groups, 3, zeros);
  args.heads = 2;
  const NamedLeaves leaves = {
      {"q", args.q}, {"k", args.k}, {"v", args.v}, {"location", args.points.location}};
  check_finite_differences([&] { return point_attention_by_cells(args); }, leaves);
  check_finite_differences([&] { return point_attention_by_samples(args); }, leaves);
}

TEST_CASE("gradients: weighted points, both implementations") {
  at::manual_seed(2);
  const bool zeros = GENERATE(false, true);
  const at::Tensor v = random_leaf({2, kCells, kDim}), w = random_leaf({2, kCells, 2, 3});
  const SamplePoints points = random_points(2, 3, zeros);
  const NamedLeaves leaves = {{"v", v}, {"w", w}, {"location", points.location}};
  check_finite_differences([&] { return weighted_points_by_cells(v, w, points); }, leaves);
  check_finite_differences([&] { return weighted_points_by_samples(v, w, points); }, leaves);
}

TEST_CASE("gradients: deformable columns, both implementations") {
  at::manual_seed(3);
  const at::Tensor x = random_leaf({2, kCells, kDim}), w = random_leaf({2, kCells, 2, 9});
  const SamplePoints points = random_points(2, 9, true);
  const NamedLeaves leaves = {{"x", x}, {"w", w}, {"location", points.location}};
  check_finite_differences([&] { return deform_columns_by_loops(x, w, points); }, leaves);
  check_finite_differences([&] { return deform_columns_by_samples(x, w, points); }, leaves);
}

TEST_CASE("gradients: DCA, DA and DC") {
  at::manual_seed(4);
  ModelConfig config = small_config();
  const auto cells = config.tokens_h() * config.tokens_w();
  const at::Tensor x = random_leaf({2, cells, 16}), f = random_leaf({2, cells, 16});
  const auto check = [&](auto& layer, bool looks_at_f, const auto& forward) {
    NamedLeaves leaves = random_doubles(layer);
    if (config.bmd.dca.border == DcaBorder::kZeros) {  // DCA omits what the softmax cancels
      std::erase_if(leaves, [](const auto& leaf) { return leaf.first == "k.bias"; });
    }
    leaves.emplace_back("x", x);
    if (looks_at_f) leaves.emplace_back("f", f);
    check_finite_differences(forward, leaves);
  };
  SECTION("DCA") {
    config.bmd.dca.border = GENERATE(DcaBorder::kBorder, DcaBorder::kZeros);
    config.bmd.dca.mode = GENERATE(DcaMode::kPerQuery, DcaMode::kSharedGrid);
    config.bmd.dca.range = GENERATE(0, 2);
    DcaImpl dca(config);
    check(dca, true, [&] { return dca.forward(x, f).value; });
  }
  SECTION("DA") {
    DaImpl da(config);
    check(da, false, [&] { return da.forward(x).value; });
  }
  SECTION("DC") {
    config.bmd.dc.modulated = GENERATE(true, false);
    DcImpl dc(config);
    check(dc, true, [&] { return dc.forward(x, f).value; });
  }
}

TEST_CASE("gradients: linear layers and attention over frames") {
  at::manual_seed(5);
  LinearImpl linear(6, 5);
  NamedLeaves leaves = random_doubles(linear);
  const at::Tensor x = random_leaf({3, 4, 6});
  leaves.emplace_back("x", x);
  check_finite_differences([&] { return linear.forward(x); }, leaves);
  const NamedLeaves without_bias = {leaves[0], leaves[2]};
  check_finite_differences([&] { return linear.forward_without_bias(x); }, without_bias);

  AttentionImpl attention(8, 2);
  leaves = random_doubles(attention);
  const at::Tensor frames = random_leaf({2, 3, 5, 8});
  leaves.emplace_back("x", frames);
  check_finite_differences([&] { return attention.forward_over_frames(frames); }, leaves);
}

TEST_CASE("gradients: the whole network") {
  const std::string preset = GENERATE("paper", "paper_strict", "table6_a", "table6_b");
  CAPTURE(preset);
  at::manual_seed(6);
  VremdImpl model(small_config(preset));
  model.train();
  NamedLeaves leaves;
  for (const auto& [name, leaf] : random_doubles(model, 0.2)) {
    if (name.starts_with("backbone.") || name.starts_with("proj.")) continue;
    leaves.emplace_back(name, leaf);
  }
  const auto& c = model.config;
  const at::Tensor features =
      at::randn({2, c.frames(), c.tokens_h() * c.tokens_w(), 64}, at::kDouble);
  // 64 wide: with the projection.
  check_finite_differences([&] { return model.forward(features).heatmaps_bkhw; }, leaves, 1);
}
