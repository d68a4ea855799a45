// SPDX-License-Identifier: Apache-2.0
#pragma once

// Joint scores as probabilities (METHOD 2.4).

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace at {
class Tensor;
}

namespace vremd::model {

// What the heatmaps of a joint say about the point decoded from them. Shares of a heatmap, taken as
// a distribution, are log-odds.
enum class Evidence {
  kMass,  // share of H within kScoreRadius of the point
  kLead,  // log of its largest value over the largest beyond twice that radius, at most
          // kLargestLead
  kHk,    // share of H_k within kScoreRadius of the point; 0 without H_k
  kHm,    // the same of H_m
};
constexpr std::size_t kEvidenceCount = 4;

constexpr double kScoreRadius = 4;  // heatmap pixels: half a head of a person that fills the crop
constexpr double kLargestLead = 8;

// Probability that a point lies within half a head size of the joint: the logistic function of
// bias[joint] + sum of weights * evidence. No weight is negative, so that more evidence never
// lowers a score.
struct ScoreCalibration {
  std::array<double, kEvidenceCount> weights{};
  std::vector<double> bias;  // of each joint of the model

  double score(std::size_t joint, std::span<const float, kEvidenceCount> evidence) const;

  // In the metadata of a weights file, "score_calibration". Error "place: ...": not one, or not for
  // `joints` joints.
  std::string to_text() const;
  static ScoreCalibration from_text(const std::string& text, const std::string& place, int joints);
};

// Evidence [B, J, 4], float32 where the heatmaps are, for `points` [B, J, 3] (x, y in heatmap
// pixels) decoded from `heatmaps` [B, J, H, W], the logits of a softmax (`logits`, loss.kind = ce)
// or values to be taken as they are. H_k and H_m, of the same shape, may be undefined.
at::Tensor score_evidence(const at::Tensor& heatmaps, const at::Tensor& hk, const at::Tensor& hm,
                          const at::Tensor& points, bool logits);

// A decoded point of an annotated joint.
struct ScoredPoint {
  int joint = 0;
  bool right = false;
  std::array<float, kEvidenceCount> evidence{};
};

// The most likely calibration for these points, with a weak prior that keeps joints with few points
// near the others. Error: no points, or all are right or all wrong.
ScoreCalibration fit_scores(std::span<const ScoredPoint> points, int joints);

// How often points are right whose scores fall into each of ten bins of equal width.
struct Reliability {
  struct Bin {
    std::int64_t points = 0;
    double score = 0, right = 0;  // means; 0 without points
  };
  std::array<Bin, 10> bins;
  double error = 0;  // expected calibration error: mean of |score - right|, weighted by points
};
Reliability reliability_of(const ScoreCalibration& calibration,
                           std::span<const ScoredPoint> points);

}  // namespace vremd::model
