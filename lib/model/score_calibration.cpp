// SPDX-License-Identifier: Apache-2.0
#include "model/score_calibration.h"

#include "core/error.h"
#include "io/json_file.h"
#include "io/json_node.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace vremd::model {
namespace {

constexpr std::array<const char*, kEvidenceCount> kNames = {"mass", "lead", "hk", "hm"};
constexpr double kSmallest = 1e-4;  // share of a heatmap, for log-odds

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// Each heatmap as a distribution.
at::Tensor distribution_of(const at::Tensor& heatmaps, bool logits) {
  const at::Tensor flat = heatmaps.to(at::kFloat).flatten(2);
  if (logits) return at::softmax(flat, 2).view_as(heatmaps);
  const at::Tensor positive = flat.clamp_min(0);
  return (positive / positive.sum(2, true).clamp_min(1e-12)).view_as(heatmaps);
}

at::Tensor log_odds(const at::Tensor& share) {
  const at::Tensor inside = share.clamp(kSmallest, 1 - kSmallest);
  return (inside / (1 - inside)).log();
}

}  // namespace

double ScoreCalibration::score(std::size_t joint,
                               std::span<const float, kEvidenceCount> evidence) const {
  double sum = bias[joint];
  for (std::size_t i = 0; i < kEvidenceCount; ++i) sum += weights[i] * evidence[i];
  return logistic(sum);
}

std::string ScoreCalibration::to_text() const {
  Json json{{"bias", bias}};
  for (std::size_t i = 0; i < kEvidenceCount; ++i) json["weights"][kNames[i]] = weights[i];
  return json.dump();
}

ScoreCalibration ScoreCalibration::from_text(const std::string& text, const std::string& place,
                                             int joints) {
  const Json json = io::parse_json(text, place);
  const io::JsonNode root(&json, {place});
  const auto [weights, bias] = root.fields({"weights", "bias"});
  ScoreCalibration result;
  weights.required();
  const auto [mass, lead, hk, hm] = weights.fields({"mass", "lead", "hk", "hm"});
  result.weights = {mass.number(), lead.number(), hk.number(), hm.number()};
  for (const double weight : result.weights) {
    if (!(weight >= 0)) weights.wrong("a weight is negative");
  }
  result.bias = bias.numbers();
  if (std::ssize(result.bias) != joints) {
    bias.wrong(fmt::format("{} values for {} joints", result.bias.size(), joints));
  }
  return result;
}

at::Tensor score_evidence(const at::Tensor& heatmaps, const at::Tensor& hk, const at::Tensor& hm,
                          const at::Tensor& points, bool logits) {
  const auto height = heatmaps.size(2), width = heatmaps.size(3);
  const auto options = heatmaps.options().dtype(at::kFloat);
  const at::Tensor at = points.to(options);
  const at::Tensor dx = at::arange(width, options).view({1, 1, 1, width}) -
                        at.select(2, 0).unsqueeze(2).unsqueeze(3),
                   dy = at::arange(height, options).view({1, 1, height, 1}) -
                        at.select(2, 1).unsqueeze(2).unsqueeze(3);
  const at::Tensor squared = dx.square() + dy.square();
  const at::Tensor near = squared <= kScoreRadius * kScoreRadius;
  const auto mass_of = [&](const at::Tensor& maps) {
    if (!maps.defined()) return at::zeros({at.size(0), at.size(1)}, options);
    return log_odds((distribution_of(maps, logits) * near).flatten(2).sum(2));
  };
  const at::Tensor h = distribution_of(heatmaps, logits);
  const at::Tensor elsewhere = h * (squared > 4 * kScoreRadius * kScoreRadius);
  const at::Tensor lead = (h.flatten(2).amax(2) / elsewhere.flatten(2).amax(2).clamp_min(1e-12))
                              .clamp_min(1e-12)
                              .log()
                              .clamp(0, kLargestLead);
  return at::stack({log_odds((h * near).flatten(2).sum(2)), lead, mass_of(hk), mass_of(hm)}, 2);
}

// Newton's method, one parameter at a time: the loss is convex, and a bound of 0 for the weights
// does not disturb it.
ScoreCalibration fit_scores(std::span<const ScoredPoint> points, int joints) {
  const auto right = std::ranges::count_if(points, &ScoredPoint::right);
  if (right == 0 || right == std::ssize(points)) {
    fail("scores cannot be fitted: {} of {} points are right", right, points.size());
  }
  constexpr double kPrior = 1;  // strength of the pull of a joint's bias to the common one
  ScoreCalibration result;
  result.bias.assign(static_cast<std::size_t>(joints), 0);
  double common = 0;
  std::vector<double> sum(points.size(), 0);  // bias and evidence of each point, weighted
  const auto step = [&](const auto& derivative, double pull, double strength) {
    double slope = -strength * pull, curvature = strength;
    for (std::size_t p = 0; p < points.size(); ++p) {
      const double x = derivative(points[p]), score = logistic(sum[p]);
      slope += x * ((points[p].right ? 1 : 0) - score);
      curvature += x * x * score * (1 - score);
    }
    return curvature > 0 ? std::clamp(slope / curvature, -1.0, 1.0) : 0.0;
  };
  const auto move = [&](const auto& derivative, double by) {
    for (std::size_t p = 0; p < points.size(); ++p) sum[p] += by * derivative(points[p]);
  };
  for (int sweep = 0; sweep < 200; ++sweep) {
    double largest = 0;
    const auto update = [&](double& value, double least, double strength, const auto& derivative) {
      const double by = std::max(least - value, step(derivative, value, strength));
      value += by;
      move(derivative, by);
      largest = std::max(largest, std::abs(by));
    };
    constexpr double kFree = -std::numeric_limits<double>::infinity();
    update(common, kFree, 0, [](const ScoredPoint&) { return 1.0; });
    for (std::size_t i = 0; i < kEvidenceCount; ++i) {
      update(result.weights[i], 0, 1e-3,
             [i](const ScoredPoint& point) { return static_cast<double>(point.evidence[i]); });
    }
    for (int j = 0; j < joints; ++j) {
      update(result.bias[static_cast<std::size_t>(j)], kFree, kPrior,
             [j](const ScoredPoint& point) { return point.joint == j ? 1.0 : 0.0; });
    }
    if (largest < 1e-5) break;
  }
  for (double& bias : result.bias) bias += common;
  return result;
}

Reliability reliability_of(const ScoreCalibration& calibration,
                           std::span<const ScoredPoint> points) {
  Reliability result;
  auto& bins = result.bins;
  const auto count = static_cast<double>(bins.size());
  for (const ScoredPoint& point : points) {
    const double score = calibration.score(static_cast<std::size_t>(point.joint), point.evidence);
    Reliability::Bin& bin =
        bins[std::min(bins.size() - 1, static_cast<std::size_t>(score * count))];
    ++bin.points;
    bin.score += score;
    bin.right += point.right ? 1 : 0;
  }
  for (Reliability::Bin& bin : bins) {
    if (bin.points == 0) continue;
    result.error += std::abs(bin.score - bin.right) / static_cast<double>(points.size());
    bin.score /= static_cast<double>(bin.points);
    bin.right /= static_cast<double>(bin.points);
  }
  return result;
}

}  // namespace vremd::model
