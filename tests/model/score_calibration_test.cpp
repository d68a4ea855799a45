// SPDX-License-Identifier: Apache-2.0
#include "model/score_calibration.h"

#include "core/random.h"

#include <ATen/ATen.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::model;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;

namespace {

// Evidence of one heatmap of 32 x 32 probabilities for the point (x, y).
std::vector<double> evidence_of(const at::Tensor& map, double x, double y,
                                const at::Tensor& hk = {}) {
  const at::Tensor point = at::tensor({x, y, 0.0}).to(at::kFloat).view({1, 1, 3});
  const at::Tensor kept =
      score_evidence(map.view({1, 1, 32, 32}), hk.defined() ? hk.view({1, 1, 32, 32}) : hk, {},
                     point, /*logits=*/false);
  REQUIRE(kept.sizes() == at::IntArrayRef({1, 1, 4}));
  std::vector<double> values;
  for (int i = 0; i < 4; ++i) values.push_back(kept[0][0][i].item<double>());
  return values;
}

// Points whose probability to be right is the logistic function of mass - 1 (joint 0) or mass + 1.
std::vector<ScoredPoint> made_points(std::uint64_t seed, int count) {
  Random random(seed);
  std::vector<ScoredPoint> points;
  for (int i = 0; i < count; ++i) {
    ScoredPoint point;
    point.joint = i % 2;
    const double mass = 6 * uniform(random) - 3;
    point.evidence = {static_cast<float>(mass), static_cast<float>(uniform(random)), 0,
                      static_cast<float>(-mass)};
    const double p = 1 / (1 + std::exp(-(mass + (point.joint ? 1 : -1))));
    point.right = uniform(random) < p;
    points.push_back(point);
  }
  return points;
}

}  // namespace

TEST_CASE("evidence is the share of a heatmap near the point, and its lead over other peaks") {
  at::Tensor map = at::zeros({32, 32});
  map[10][12] = 0.6;
  map[10][14] = 0.1;
  map[25][25] = 0.3;
  const auto at_peak = evidence_of(map, 12, 10);
  CHECK_THAT(at_peak[0], WithinAbs(std::log(0.7 / 0.3), 1e-4));
  CHECK_THAT(at_peak[1], WithinAbs(std::log(2.0), 1e-4));
  CHECK(at_peak[2] == 0);
  CHECK(at_peak[3] == 0);
  // 4 pixels belong to it, more do not.
  CHECK_THAT(evidence_of(map, 12, 6)[0], WithinAbs(std::log(0.6 / 0.4), 1e-4));
  CHECK_THAT(evidence_of(map, 12, 5.9)[0], WithinAbs(std::log(1e-4 / (1 - 1e-4)), 1e-3));
  // H_k that points elsewhere disagrees.
  CHECK(evidence_of(map, 12, 10, map)[2] > evidence_of(map, 12, 10, map.flip({0}))[2]);
  // The only peak, and logits.
  at::Tensor logits = at::full({1, 1, 32, 32}, -20.0);
  logits[0][0][3][3] = 5;
  const at::Tensor point = at::tensor({3.F, 3.F, 1.F}).view({1, 1, 3});
  const at::Tensor sure = score_evidence(logits, {}, {}, point, /*logits=*/true);
  CHECK(sure[0][0][0].item<double>() > 6);
  CHECK(sure[0][0][1].item<double>() == kLargestLead);
}

TEST_CASE("fitted scores are the probabilities that made the points") {
  const auto points = made_points(1, 20000);
  const ScoreCalibration fitted = fit_scores(points, 3);
  CHECK_THAT(fitted.weights[0] - fitted.weights[3], WithinAbs(1, 0.06));
  CHECK_THAT(fitted.weights[1], WithinAbs(0, 0.15));
  CHECK_THAT(fitted.bias[1] - fitted.bias[0], WithinAbs(2, 0.12));
  // A joint without points gets the common bias.
  CHECK(fitted.bias[2] > fitted.bias[0]);
  CHECK(fitted.bias[2] < fitted.bias[1]);
  const Reliability good = reliability_of(fitted, made_points(2, 20000));
  CHECK(good.error < 0.015);
  CHECK(good.bins[9].right > 0.9);
  ScoreCalibration sharper = fitted;
  for (double& weight : sharper.weights) weight *= 3;
  CHECK(reliability_of(sharper, made_points(2, 20000)).error > 0.05);
  for (const double weight : fitted.weights) CHECK(weight >= 0);
}

TEST_CASE("scores cannot be fitted to points that are all right or all wrong") {
  auto points = made_points(1, 10);
  for (ScoredPoint& point : points) point.right = true;
  CHECK_THROWS_WITH(fit_scores(points, 2), ContainsSubstring("10 of 10 points are right"));
  CHECK_THROWS_WITH(fit_scores({}, 2), ContainsSubstring("0 of 0"));
}

TEST_CASE("a calibration survives its text") {
  const ScoreCalibration fitted = fit_scores(made_points(1, 200), 2);
  const ScoreCalibration read = ScoreCalibration::from_text(fitted.to_text(), "a.safetensors", 2);
  CHECK(read.weights == fitted.weights);
  CHECK(read.bias == fitted.bias);
  const auto bad = [](const char* text) { return ScoreCalibration::from_text(text, "a", 2); };
  CHECK_THROWS_WITH(bad("{"), ContainsSubstring("a:"));
  CHECK_THROWS_WITH(bad(R"({"bias": [0, 0]})"), ContainsSubstring("a: no weights"));
  CHECK_THROWS_WITH(bad(R"({"bias": [0], "weights": {"mass": 1, "lead": 0, "hk": 0, "hm": 0}})"),
                    ContainsSubstring("a: bias: 1 values for 2 joints"));
  CHECK_THROWS_WITH(
      bad(R"({"bias": [0, 0], "weights": {"mass": -1, "lead": 0, "hk": 0, "hm": 0}})"),
      ContainsSubstring("a: weights: a weight is negative"));
}
