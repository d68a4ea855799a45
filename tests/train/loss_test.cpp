// SPDX-License-Identifier: Apache-2.0
#include "train/loss.h"

#include "core/error.h"
#include "finite_differences.h"

#include <catch2/catch_approx.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::train;
using Catch::Approx;

namespace {

at::Tensor heatmap_loss(model::LossKind kind, const at::Tensor& heatmaps, const at::Tensor& targets,
                        const at::Tensor& weights) {
  model::ModelConfig::Loss options;
  options.kind = kind;
  return training_loss(options, {heatmaps, {}, {}, {}}, targets, weights);
}

}  // namespace

TEST_CASE("mse counts only labelled joints") {
  const at::Tensor h = at::ones({1, 2, 2, 2}), t = at::zeros({1, 2, 2, 2});
  const at::Tensor w = at::tensor({1.0f, 0.0f}).view({1, 2});
  CHECK(heatmap_loss(model::LossKind::kMse, h, t, w).item<double>() == Approx(0.5));
  CHECK_THROWS_AS(heatmap_loss(model::LossKind::kMse, h, t.slice(1, 0, 1), w), Error);
}

TEST_CASE("ce is the softmax cross-entropy against the normalised target") {
  const at::Tensor h = at::tensor({0.0f, std::log(3.0f), 5.0f, 9.0f}).view({1, 2, 1, 2});
  const at::Tensor t = at::tensor({2.0f, 2.0f, 1.0f, 0.0f}).view({1, 2, 1, 2});
  const at::Tensor w = at::tensor({1.0f, 0.0f}).view({1, 2});
  const double want = -(0.5 * std::log(0.25) + 0.5 * std::log(0.75));
  CHECK(heatmap_loss(model::LossKind::kCe, h, t, w).item<double>() == Approx(want));
}

TEST_CASE("reduction sum is the mean times joints and pixels, per sample") {
  at::manual_seed(3);
  const at::Tensor h = at::randn({2, 3, 4, 5}), t = at::rand({2, 3, 4, 5});
  const at::Tensor w = at::tensor({1.0f, 0.0f, 1.0f, 1.0f, 1.0f, 0.0f}).view({2, 3});
  model::ModelConfig::Loss options;
  const auto loss = [&] { return training_loss(options, {h, {}, {}, {}}, t, w).item<double>(); };
  CHECK(loss() == heatmap_loss(model::LossKind::kMse, h, t, w).item<double>());
  options.reduction = model::LossReduction::kSum;
  CHECK(loss() == Approx(heatmap_loss(model::LossKind::kMse, h, t, w).item<double>() * 3 * 4 * 5));
  options.kind = model::LossKind::kCe;
  CHECK(loss() ==
        Approx(heatmap_loss(model::LossKind::kCe, h, t, w).item<double>() * 4 / 2));  // 4 labels
}

TEST_CASE("joint weights multiply label weights") {
  at::manual_seed(3);
  const at::Tensor h = at::randn({2, 3, 4, 5}), t = at::rand({2, 3, 4, 5}), w = at::rand({2, 3});
  model::ModelConfig::Loss options;
  options.kind = GENERATE(model::LossKind::kMse, model::LossKind::kCe);
  options.joint_weights = {{1, 1.5, 0}};
  CHECK(
      training_loss(options, {h, {}, {}, {}}, t, w).item<double>() ==
      Approx(heatmap_loss(options.kind, h, t, w * at::tensor({1.0f, 1.5f, 0.0f})).item<double>()));
}

TEST_CASE("auxiliary losses of the branches of H") {
  at::manual_seed(3);
  const at::Tensor hk = at::randn({2, 3, 4, 5}), hm = at::randn({2, 3, 4, 5}),
                   t = at::rand({2, 3, 4, 5}), w = at::rand({2, 3});
  const LossMaps maps{(hk + hm) / 2, hk, hm, {}};
  model::ModelConfig::Loss options;
  options.aux_hk = 0.25;
  options.aux_hm = 2;
  const auto of = [&](const at::Tensor& map) {
    return heatmap_loss(model::LossKind::kMse, map, t, w).item<double>();
  };
  CHECK(training_loss(options, maps, t, w).item<double>() ==
        Approx(of(maps.h) + 0.25 * of(hk) + 2 * of(hm)));
}

TEST_CASE("gradients of every loss") {
  at::manual_seed(3);
  model::ModelConfig::Loss options;
  options.kind = GENERATE(model::LossKind::kMse, model::LossKind::kCe);
  options.reduction = GENERATE(model::LossReduction::kMean, model::LossReduction::kSum);
  options.joint_weights = {{1, 1.5, 0.5}};
  options.aux_hk = 0.3;
  options.aux_hm = 0.7;
  const at::Tensor hk = random_leaf({2, 3, 4, 5}), hm = random_leaf({2, 3, 4, 5});
  const at::Tensor t = at::rand({2, 3, 4, 5}, at::kDouble), w = at::rand({2, 3}, at::kDouble);
  check_finite_differences(
      [&] { return training_loss(options, {hk * 0.5 + hm * 0.5, hk, hm, {}}, t, w); },
      {{"hk", hk}, {"hm", hm}}, 20);
}

TEST_CASE("auxiliary loss of the keypoint mask: a token is four by four pixels") {
  at::manual_seed(3);
  const at::Tensor h = at::randn({2, 3, 8, 12}), w = at::rand({2, 3});
  const at::Tensor rows = random_leaf({2, 3, 6});
  at::Tensor t = at::zeros({2, 3, 8, 12});
  for (int row = 0; row < 6; ++row) {  // all mass of sample i, joint j in one token
    t.view({6, 8, 12})[row]
        .slice(0, row / 3 * 4, row / 3 * 4 + 4)
        .slice(1, row % 3 * 4, row % 3 * 4 + 4) = 0.5;
  }
  model::ModelConfig::Loss options;
  const auto loss = [&] { return training_loss(options, {h, {}, {}, rows.to(at::kFloat)}, t, w); };
  const double without = loss().item<double>();
  options.aux_mask = 0.5;
  const at::Tensor of_token = -at::log_softmax(rows, 2).view({6, 6}).diagonal().view({2, 3});
  CHECK(loss().item<double>() - without ==
        Approx(0.5 * ((of_token * w).sum() / w.sum().clamp_min(1)).item<double>()).epsilon(1e-5));
}
