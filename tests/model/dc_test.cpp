// SPDX-License-Identifier: Apache-2.0
#include "model/dc.h"

#include "catch_torch.h"
#include "model/dca.h"
#include "ops/deform_columns.h"
#include "tiny_model.h"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>

using namespace vremd;
using namespace vremd::model;

namespace {

void randomise(torch::nn::Module& module, const char* but = nullptr) {
  at::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    if (!but || item.key().find(but) == std::string::npos) item.value().normal_(0, 0.2);
  }
}

}  // namespace

TEST_CASE("a deformable convolution is initially half a dilated one") {
  ModelConfig config = tiny_config();
  const int dilation = GENERATE(1, 2, 3, 15);
  config.bmd.dc.modulated = GENERATE(true, false);
  const std::int64_t h = config.tokens_h(), w = config.tokens_w(), dim = config.dim();
  at::manual_seed(1);
  DeformConvImpl conv(config, dilation);
  init_layers(conv);
  randomise(conv, "offset_mask");
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, h * w, dim}), f = at::randn({2, h * w, dim});
  const auto result = conv.forward(x, at::cat({x, f}, -1));
  const auto parameters = conv.named_parameters();
  const at::Tensor plain = map_to_tokens(at::conv2d(
      tokens_to_map(x, h, w).contiguous(), parameters["conv.weight"], {}, 1, dilation, dilation));
  const double weight = config.bmd.dc.modulated ? 0.5 : 1;  // sigmoid(0)
  CHECK(difference(result.value, plain * weight + parameters["conv.bias"]) < 1e-4);
  REQUIRE(result.offsets.sizes() == at::IntArrayRef({2, h * w, 16, 9, 2}));
  CHECK(result.offsets[1][3][5][1][0].item<double>() == -dilation);  // second of the kernel, (y, x)
  CHECK(result.offsets[1][3][5][1][1].item<double>() == 0);
}

TEST_CASE("a deformable convolution follows its formula") {
  ModelConfig config = tiny_config();
  config.model.dim = 8;
  config.model.heads = 2;
  config.bmd.dc.groups = 2;
  const std::int64_t h = config.tokens_h(), w = config.tokens_w();
  at::manual_seed(2);
  DeformConvImpl conv(config, 2);
  randomise(conv);
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({1, h * w, 8}), condition = at::randn({1, h * w, 16});
  const auto result = conv.forward(x, condition);
  const auto parameters = conv.named_parameters();
  const at::Tensor made =
      at::conv2d(tokens_to_map(condition, h, w).contiguous(), parameters["offset_mask.weight"],
                 parameters["offset_mask.bias"], 1, 2, 2)[0];
  REQUIRE(made.abs().max().item<double>() > 1.5);  // some points are outside the map
  const auto value_at = [&](double y, double x_place, std::int64_t channel) {
    double sum = 0;
    for (std::int64_t row = 0; row < h; ++row) {
      for (std::int64_t column = 0; column < w; ++column) {
        const double share = std::max(0.0, 1 - std::abs(y - static_cast<double>(row))) *
                             std::max(0.0, 1 - std::abs(x_place - static_cast<double>(column)));
        if (share > 0) sum += share * x[0][row * w + column][channel].item<double>();
      }
    }
    return sum;
  };
  for (const std::int64_t query : {0L, 9L, h * w - 1}) {
    const std::int64_t row = query / w, column = query % w;
    for (const std::int64_t out : {0L, 7L}) {
      double want = parameters["conv.bias"][out].item<double>();
      for (std::int64_t p = 0; p < 9; ++p) {
        for (std::int64_t in = 0; in < 8; ++in) {
          const std::int64_t group = in / 4;
          const auto channel = [&](std::int64_t c) { return made[c][row][column].item<double>(); };
          const double y =
              static_cast<double>(row + 2 * (p / 3 - 1)) + channel((group * 9 + p) * 2);
          const double x_place =
              static_cast<double>(column + 2 * (p % 3 - 1)) + channel((group * 9 + p) * 2 + 1);
          const double weight = 1 / (1 + std::exp(-channel(36 + group * 9 + p)));
          want += parameters["conv.weight"][out][in][p / 3][p % 3].item<double>() * weight *
                  value_at(y, x_place, in);
        }
      }
      CAPTURE(query, out);
      CHECK(std::abs(result.value[0][query][out].item<double>() - want) < 1e-4);
    }
  }
}

TEST_CASE("dilations are averaged, independently of the batch size") {
  ModelConfig config = tiny_config();
  config.model.dim = 16;
  config.bmd.dc.groups = 2;
  config.bmd.dc.dilations = {3, 1};
  config.bmd.dc.condition = GENERATE(DcCondition::kConcat, DcCondition::kMotionOnly);
  at::manual_seed(3);
  DcImpl dc(config);
  randomise(dc);
  at::NoGradGuard no_grad;
  const std::int64_t n = config.tokens_h() * config.tokens_w();
  // More than one batch of columns: 2^24 / (24 * 16 * 9) = 4854.
  const std::int64_t persons = 4860;
  const at::Tensor x = at::randn({persons, n, 16}), f = at::randn({persons, n, 16});
  const auto all = dc.forward(x, f);
  CHECK(all.offsets.sizes() == at::IntArrayRef({persons, n, 2, 18, 2}));
  const auto some = dc.forward(x.slice(0, persons - 10), f.slice(0, persons - 10));
  CHECK(difference(all.value.slice(0, persons - 10), some.value) < 1e-4);

  const auto parameters = dc.named_parameters();
  at::Tensor sum;
  for (int i = 0; i < 2; ++i) {
    DeformConvImpl one(config, config.bmd.dc.dilations[i]);
    for (auto& item : one.named_parameters()) {
      item.value().copy_(parameters[std::to_string(i) + "." + item.key()]);
    }
    const bool concat = config.bmd.dc.condition == DcCondition::kConcat;
    const at::Tensor condition = concat ? at::cat({x, f}, -1) : x;
    const at::Tensor value = one.forward(x.slice(0, 0, 4), condition.slice(0, 0, 4)).value;
    sum = sum.defined() ? sum + value : value;
  }
  CHECK(difference(all.value.slice(0, 0, 4), sum / 2) < 1e-4);
}

TEST_CASE("both implementations of the columns agree, including gradients") {
  at::manual_seed(4);
  const auto leaf = [](at::IntArrayRef shape) { return at::randn(shape).requires_grad_(); };
  const at::Tensor x = leaf({2, 20, 8}), weights = leaf({2, 20, 4, 9});
  const at::Tensor location = (at::rand({2, 20, 4, 9, 2}) * 9 - 2).requires_grad_();
  const SamplePoints points{location, 5, 4, true};
  const at::Tensor r = at::randn({2, 20, 72});
  const auto gradients = [&](const at::Tensor& columns) {
    auto all = torch::autograd::grad({(columns * r).sum()}, {x, weights, location});
    all.push_back(columns);
    return all;
  };
  const auto by_loops = gradients(deform_columns_by_loops(x, weights, points)),
             by_samples = gradients(deform_columns_by_samples(x, weights, points));
  for (std::size_t i = 0; i < by_loops.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(by_loops[i], by_samples[i]) < 1e-4);
  }
}

TEST_CASE("columns of non-finite and distant points are well-defined") {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> tokens = {1, 2, 3, 4, 5, 6};  // 3 x 2 cells, one channel
  const std::vector<float> location = {kNan, 0, 0, kInfinity, 1e30f, 0,    -1e30f, 1e30f,
                                       -1,   0, 3, 0,         2.5f,  1.5f, -0.5f,  0};
  const std::vector<float> ones(8, 1);
  std::vector<float> columns(8, 7), d_tokens(6, 0), d_location(16, 7), d_weight(8, 7);
  ops::DeformColumnsArgs<float> args;
  args.tokens = tokens.data();
  args.location = location.data();
  args.weight = ones.data();
  args.columns = columns.data();
  args.batch = args.channels = args.queries = args.groups = 1;
  args.height = 3;
  args.width = 2;
  args.points = 8;
  ops::deform_columns_cpu(args, 0, 0);
  CHECK(std::isnan(columns[0]));
  CHECK(std::isnan(columns[1]));
  CHECK(std::vector<float>(columns.begin() + 2, columns.end()) ==
        std::vector<float>{0, 0, 0, 0, 1.5f, 0.5f});
  ops::deform_columns_backward_cpu(
      args, {ones.data(), d_tokens.data(), d_location.data(), d_weight.data()}, 0, 0);
  CHECK(std::isnan(d_tokens[0]));
  CHECK(std::vector<float>(d_tokens.begin() + 1, d_tokens.end()) ==
        std::vector<float>{0, 0, 0, 0, 0.25f});
  CHECK(std::vector<float>(d_location.begin() + 4, d_location.begin() + 12) ==
        std::vector<float>(8, 0));
  CHECK(d_weight[6] == 1.5f);
  CHECK(d_location[12] == -3);  // half of it, 6 at (2, 1), towards 0 at (3, 1)
}

TEST_CASE("plain deformable attention does not compare queries and keys") {
  ModelConfig config = tiny_config();
  const std::int64_t h = config.tokens_h(), w = config.tokens_w(), n = h * w, dim = config.dim();
  at::manual_seed(5);
  DaImpl da(config);
  init_layers(da);
  randomise(da, "offset");
  const auto parameters = da.named_parameters();
  at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, n, dim});
  const auto apply = [&](const std::string& layer, const at::Tensor& of) {
    return at::matmul(of, parameters[layer + ".weight"].t()) + parameters[layer + ".bias"];
  };
  const auto start = da.forward(x);
  REQUIRE(start.offsets.sizes() == at::IntArrayRef({2, n, 8, 4, 2}));
  // Head 1 points to the lower right, its second point is two cells away.
  CHECK(difference(start.offsets[1][7][1][1], at::tensor({2.0f, 2.0f})) < 1e-5);
  CHECK(difference(start.offsets[1][7][2][3], at::tensor({4.0f, 0.0f})) < 1e-5);

  // By hand: at whole cells, zeros outside.
  const at::Tensor v = apply("v", x),
                   weights = at::softmax(apply("weight", x).view({2, n, 8, 4}), -1);
  at::Tensor want = at::zeros({2, n, dim});
  for (std::int64_t query = 0; query < n; ++query) {
    for (std::int64_t head = 0; head < 8; ++head) {
      for (std::int64_t p = 0; p < 4; ++p) {
        const at::Tensor offset = start.offsets[0][query][head][p].round();
        const auto y = query / w + offset[0].item<std::int64_t>();
        const auto x_place = query % w + offset[1].item<std::int64_t>();
        if (y < 0 || y >= h || x_place < 0 || x_place >= w) continue;
        want.select(1, query).slice(1, 8 * head, 8 * head + 8) +=
            weights.select(1, query).select(1, head).slice(1, p, p + 1) *
            v.select(1, y * w + x_place).slice(1, 8 * head, 8 * head + 8);
      }
    }
  }
  CHECK(difference(start.value, apply("proj", want)) < 1e-4);

  parameters["offset.weight"].normal_(0, 0.3);  // both implementations, any points
  const at::Tensor offsets = da.forward(x).offsets;
  const SamplePoints points{cell_places(h, w, offsets.options()).view({1, n, 1, 1, 2}) + offsets, h,
                            w, true};
  CHECK(difference(weighted_points_by_cells(v, weights, points),
                   weighted_points_by_samples(v, weights, points)) < 1e-4);
}
