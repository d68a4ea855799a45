// SPDX-License-Identifier: Apache-2.0
#include "model/dca.h"

#include "catch_torch.h"
#include "core/error.h"
#include "ops/tensor_ops.h"
#include "tiny_model.h"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>

using namespace vremd;
using namespace vremd::model;

namespace {

struct Fixture {
  ModelConfig config = tiny_config();
  std::int64_t h = config.tokens_h(), w = config.tokens_w(), n = h * w, d = config.dim();
  std::shared_ptr<DcaImpl> dca;

  // Random weights and biases except the offsets, which keep the start of METHOD 6.3.
  void make() {
    at::manual_seed(7);
    dca = std::make_shared<DcaImpl>(config);
    init_layers(*dca);
    at::NoGradGuard no_grad;
    for (auto& item : dca->named_parameters()) {
      if (!item.key().starts_with("offset")) item.value().normal_(0, 0.2);
    }
  }
  void move_points() {
    at::NoGradGuard no_grad;
    dca->named_parameters()["offset.weight"].normal_(0, 1);
  }
  at::Tensor apply(const char* layer, const at::Tensor& x, bool with_bias = true) {
    const auto parameters = dca->named_parameters();
    const at::Tensor y = at::matmul(x, parameters[layer + std::string(".weight")].t());
    return with_bias ? y + parameters[layer + std::string(".bias")] : y;
  }
};

// [B, N, D] sampled at location [B, N, G, n_p, 2] with LibTorch's sampler -> [B, N, n_p, D]
at::Tensor sampled(const at::Tensor& tokens, const at::Tensor& location, const Fixture& f,
                   bool zeros) {
  const auto groups = location.size(2);
  std::vector<at::Tensor> parts;
  for (std::int64_t g = 0; g < groups; ++g) {
    const at::Tensor map = tokens_to_map(tokens.chunk(groups, 2)[g], f.h, f.w).contiguous();
    const at::Tensor y = (location.select(2, g).select(-1, 0) + 0.5) * (2.0 / f.h) - 1;
    const at::Tensor x = (location.select(2, g).select(-1, 1) + 0.5) * (2.0 / f.w) - 1;
    parts.push_back(at::grid_sampler_2d(map, at::stack({x, y}, -1), 0, zeros ? 0 : 1, false)
                        .permute({0, 2, 3, 1}));
  }
  return at::cat(parts, -1);
}

at::Tensor cells(const Fixture& f) {
  const at::Tensor index = at::arange(f.n);
  return at::stack({at::floor_divide(index, f.w), index.remainder(f.w)}, -1)
      .to(at::kFloat)
      .view({1, f.n, 1, 1, 2});
}

// Attention of each query over its own points, head by head; k, v [B, N, n_p, D].
at::Tensor plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           std::int64_t heads) {
  std::vector<at::Tensor> out;
  for (std::int64_t i = 0; i < heads; ++i) {
    const at::Tensor qi = q.chunk(heads, -1)[i].unsqueeze(2), ki = k.chunk(heads, -1)[i],
                     vi = v.chunk(heads, -1)[i];
    const at::Tensor logits = (qi * ki).sum(-1) / std::sqrt(static_cast<double>(qi.size(-1)));
    out.push_back((at::softmax(logits, -1).unsqueeze(-1) * vi).sum(2));
  }
  return at::cat(out, -1);
}

}  // namespace

TEST_CASE("the sampling grid") {
  using Grid = std::vector<std::array<double, 2>>;
  CHECK((sampling_grid(1) == Grid{{0, 0}}));
  CHECK((sampling_grid(4) == Grid{{-0.5, -0.5}, {-0.5, 0.5}, {0.5, -0.5}, {0.5, 0.5}}));
  CHECK((sampling_grid(5) == Grid{{0, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, 0}}));
  const Grid nine = sampling_grid(9);
  CHECK((nine[0] == std::array<double, 2>{-1, -1}));
  CHECK((nine[5] == std::array<double, 2>{0, 1}));
}

TEST_CASE("one point without offset is a linear map of the token") {
  Fixture f;
  f.config.bmd.dca.points = 1;
  f.config.bmd.dca.border = GENERATE(DcaBorder::kBorder, DcaBorder::kZeros);
  f.make();
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, f.n, f.d}), feature = at::randn({2, f.n, f.d});
  const auto result = f.dca->forward(x, feature);
  CHECK(result.offsets.abs().max().item<float>() == 0);
  CHECK(difference(result.value, f.apply("proj", f.apply("v", x))) < 1e-5);
}

TEST_CASE("nine initial points are attention to the 3 x 3 neighbourhood") {
  Fixture f;
  f.make();
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, f.n, f.d}), feature = at::randn({2, f.n, f.d});
  const auto neighbours = [&](const at::Tensor& tokens) {  // the border repeated
    const at::Tensor map = tokens_to_map(tokens, f.h, f.w).contiguous();
    return at::im2col(at::replication_pad2d(map, {1, 1, 1, 1}), {3, 3}, {1, 1}, {0, 0}, {1, 1})
        .view({2, f.d, 9, f.n})
        .permute({0, 3, 2, 1});
  };
  const at::Tensor expected = plain_attention(f.apply("q", x), neighbours(f.apply("k", x)),
                                              neighbours(f.apply("v", x)), f.config.heads());
  CHECK(difference(f.dca->forward(x, feature).value, f.apply("proj", expected)) < 1e-5);
}

TEST_CASE("projecting and sampling commute") {
  Fixture f;
  const bool zeros = GENERATE(false, true);
  f.config.bmd.dca.border = zeros ? DcaBorder::kZeros : DcaBorder::kBorder;
  f.config.bmd.dca.groups = GENERATE(1, 2, 4, 8);
  f.config.bmd.dca.points = GENERATE(4, 9);
  f.make();
  f.move_points();
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, f.n, f.d}), feature = at::randn({2, f.n, f.d});
  const auto result = f.dca->forward(x, feature);
  REQUIRE(result.offsets.abs().max().item<float>() > 3);  // beyond the map

  const auto groups = f.config.bmd.dca.groups;
  const at::Tensor location = cells(f) + result.offsets;
  // Each group samples all channels of x before W_k and W_v; its own channels are then taken.
  std::vector<at::Tensor> k, v;
  for (std::int64_t g = 0; g < groups; ++g) {
    const at::Tensor points = sampled(x, location.slice(2, g, g + 1), f, zeros);
    k.push_back(f.apply("k", points).chunk(groups, -1)[g]);
    v.push_back(f.apply("v", points).chunk(groups, -1)[g]);
  }
  const at::Tensor expected =
      plain_attention(f.apply("q", x), at::cat(k, -1), at::cat(v, -1), f.config.heads());
  CHECK(difference(result.value, f.apply("proj", expected)) < 1e-5);
}

TEST_CASE("all implementations of the point attention agree, including gradients") {
  Fixture f;
  const std::int64_t groups = GENERATE(2, 4, 8);
  const bool zeros = GENERATE(false, true);
  at::manual_seed(11);
  const auto leaf = [&](at::IntArrayRef shape) { return at::randn(shape).requires_grad_(); };
  PointAttentionArgs args;
  args.q = leaf({2, f.n, f.d});
  args.k = leaf({2, f.n, f.d});
  args.v = leaf({2, f.n, f.d});
  const at::Tensor offsets = (at::randn({2, f.n, groups, 9, 2}) * 3).requires_grad_();
  args.points = {cells(f) + offsets, f.h, f.w, zeros};
  args.heads = 4;
  const at::Tensor weights = at::randn({2, f.n, f.d});
  const auto gradients = [&](at::Tensor (*form)(const PointAttentionArgs&)) {
    const at::Tensor value = form(args);
    auto all = torch::autograd::grad({(value * weights).sum()}, {args.q, args.k, args.v, offsets});
    all.push_back(value);
    return all;
  };
  const auto by_cells = gradients(point_attention_by_cells);
  args.points.location = cells(f) + offsets;
  const auto by_samples = gradients(point_attention_by_samples);
  for (std::size_t i = 0; i < by_cells.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(by_cells[i], by_samples[i]) < 1e-3);
  }
  CHECK(difference(by_cells.back(), by_samples.back()) < 1e-5);
  CHECK(difference(by_cells.back(), point_attention_by_kernel(args)) < 1e-5);  // its reference
}

TEST_CASE("the attention kernel checks its arguments") {
  const at::Tensor q = at::randn({1, 6, 8}), location = at::randn({1, 6, 2, 3, 2});
  CHECK(ops::dca_attention(q, q, q, location, 2, 3, 4, true).sizes() == q.sizes());
  CHECK(ops::dca_attention(q.slice(0, 0, 0), q.slice(0, 0, 0), q.slice(0, 0, 0),
                           location.slice(0, 0, 0), 2, 3, 4, true)
            .numel() == 0);
  CHECK_THROWS_AS(ops::dca_attention(q, q, q, location, 2, 2, 4, true), Error);  // cells
  CHECK_THROWS_AS(ops::dca_attention(q, q, q, location, 2, 3, 3, true), Error);  // heads
  CHECK_THROWS_AS(ops::dca_attention(q, q, q.slice(1, 0, 5), location, 2, 3, 4, true), Error);
  CHECK_THROWS_AS(ops::dca_attention(q, q, q.to(at::kDouble), location, 2, 3, 4, true), Error);
  CHECK_THROWS_AS(ops::dca_attention(q, q, q, location.select(4, 0), 2, 3, 4, true), Error);
}

// METHOD 13.6.
TEST_CASE("without motion the attention gives the bias of the value") {
  Fixture f;
  f.config.bmd.dca.border = GENERATE(DcaBorder::kBorder, DcaBorder::kZeros);
  f.config.bmd.dca.mode = GENERATE(DcaMode::kPerQuery, DcaMode::kSharedGrid);
  f.make();
  f.move_points();
  at::NoGradGuard no_grad;
  const at::Tensor still = at::zeros({2, f.n, f.d});  // initial LayerNorm of zeros
  const at::Tensor value = f.dca->forward(still, at::randn({2, f.n, f.d})).value;
  CHECK(value.isfinite().all().item<bool>());
  CHECK(difference(value, f.apply("proj", f.apply("v", still))) < 1e-5);
}

TEST_CASE("an initial shared grid of step 1 is attention over all tokens") {
  Fixture f;
  f.config.bmd.dca.mode = DcaMode::kSharedGrid;
  f.config.bmd.dca.stride = 1;
  f.make();
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, f.n, f.d}), feature = at::randn({2, f.n, f.d});
  const auto result = f.dca->forward(x, feature);
  CHECK(result.offsets.sizes() == at::IntArrayRef({2, f.n, 4, 1, 2}));
  const auto for_all = [&](const at::Tensor& y) {
    return y.unsqueeze(1).expand({2, f.n, f.n, f.d});
  };
  const at::Tensor expected = plain_attention(f.apply("q", x), for_all(f.apply("k", x)),
                                              for_all(f.apply("v", x)), f.config.heads());
  CHECK(difference(result.value, f.apply("proj", expected)) < 1e-5);
}

TEST_CASE("the points of a coarser shared grid start between the tokens") {
  Fixture f;
  f.config.bmd.dca.mode = DcaMode::kSharedGrid;
  f.config.bmd.dca.stride = 4;  // 6 x 4 cells: two rows of points, one column
  f.config.bmd.dca.psi = GENERATE(DcaPsi::kDw3, DcaPsi::kDw9, DcaPsi::kDense3, DcaPsi::k1x1);
  f.make();
  const bool moved = GENERATE(false, true);
  if (moved) f.move_points();
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, f.n, f.d}), feature = at::randn({2, f.n, f.d});
  const auto result = f.dca->forward(x, feature);
  REQUIRE(result.offsets.sizes() == at::IntArrayRef({2, 2, 4, 1, 2}));
  CHECK((result.offsets.abs().max().item<double>() > 0.1) == moved);
  const at::Tensor start = at::tensor({1.0f, 1.5f, 4.0f, 1.5f}).view({1, 2, 1, 1, 2});
  const auto at_points = [&](const char* layer) {  // [2, N, 2, D]
    return sampled(f.apply(layer, x), start + result.offsets, f, false)
        .squeeze(2)
        .unsqueeze(1)
        .expand({2, f.n, 2, f.d});
  };
  const at::Tensor expected =
      plain_attention(f.apply("q", x), at_points("k"), at_points("v"), f.config.heads());
  CHECK(difference(result.value, f.apply("proj", expected)) < 1e-5);
}

TEST_CASE("initial points") {
  Fixture f;
  f.config.bmd.dca.init = DcaInit::kDirectional;
  f.make();
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({1, f.n, f.d}), feature = at::randn({1, f.n, f.d});
  const at::Tensor first = f.dca->forward(x, feature).offsets[0][3];  // [4, 9, 2]
  CHECK(difference(first[0][0], at::tensor({0.0f, 1.0f})) < 1e-6);
  CHECK(difference(first[1][8], at::tensor({9.0f, 0.0f})) < 1e-5);
  CHECK(difference(first[2][1], at::tensor({0.0f, -2.0f})) < 1e-5);

  f.config.bmd.dca.init = DcaInit::kRandom;
  f.make();
  const at::Tensor anywhere = f.dca->forward(x, feature).offsets;
  CHECK(anywhere.abs().max().item<double>() > 0.01);
  CHECK(difference(anywhere[0][0], anywhere[0][1]) > 0.001);  // they depend on the input
}

TEST_CASE("offsets stay within their range") {
  Fixture f;
  f.config.bmd.dca.range = 2;
  f.make();
  f.move_points();
  at::NoGradGuard no_grad;
  const auto result = f.dca->forward(at::randn({1, f.n, f.d}) * 10, at::randn({1, f.n, f.d}) * 10);
  const float largest = result.offsets.abs().max().item<float>();
  CHECK(largest <= 2);
  CHECK(largest > 1.5);
}
