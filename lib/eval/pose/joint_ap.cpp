// SPDX-License-Identifier: Apache-2.0
#include "eval/pose/joint_ap.h"

#include "eval/numerics.h"

#include <cmath>
#include <limits>

namespace vremd::eval {

double mean_of_numbers(std::span<const double> values) {
  std::vector<double> numbers;
  for (const double value : values) {
    if (!std::isnan(value)) numbers.push_back(value);
  }
  if (numbers.empty()) return std::numeric_limits<double>::quiet_NaN();
  return pairwise_sum(numbers) / static_cast<double>(numbers.size());
}

std::array<double, kPoseColumns.size()> pose_columns(const JointValues& v) {
  return {(v[14] + v[12] + v[13]) / 3, (v[8] + v[9]) / 2, (v[7] + v[10]) / 2, (v[6] + v[11]) / 2,
          (v[2] + v[3]) / 2,           (v[1] + v[4]) / 2, (v[0] + v[5]) / 2,  v.back()};
}

double mean7(const JointValues& values) {
  const auto columns = pose_columns(values);
  return mean_of_numbers(std::span(columns).first<7>());
}

void add_samples(const ScoredFrame& frame, PoseSamples& samples) {
  for (const ScoredPose& truth : frame.truth) add_truth(truth, samples);
  const std::vector<int> assigned = assign_poses(frame);
  for (std::size_t p = 0; p < assigned.size(); ++p) {
    const ScoredPose* own = assigned[p] < 0 ? nullptr : &frame.truth[assigned[p]];
    add_prediction(frame.predicted[p], own, samples);
  }
}

void add_truth(const ScoredPose& truth, PoseSamples& samples) {
  for (int i = 0; i < kPoseJoints; ++i) samples[i].truths += truth.has[i];
}

void add_prediction(const ScoredPose& predicted, const ScoredPose* own, PoseSamples& samples) {
  for (int i = 0; i < kPoseJoints; ++i) {
    if (!predicted.has[i]) continue;
    samples[i].scores.push_back(predicted.score[i]);
    samples[i].right.push_back(own && joint_matches(predicted, *own, i));
  }
}

void move_samples(PoseSamples& from, PoseSamples& to) {
  for (int i = 0; i < kPoseJoints; ++i) {
    to[i].scores.insert(to[i].scores.end(), from[i].scores.begin(), from[i].scores.end());
    to[i].right.insert(to[i].right.end(), from[i].right.begin(), from[i].right.end());
    to[i].truths += from[i].truths;
    from[i] = {};
  }
}

PrecisionRecall precision_recall(const JointSamples& samples, std::int64_t truths) {
  const std::vector<std::size_t> rising = numpy_argsort(samples.scores);
  PrecisionRecall curve;
  double right = 0, count = 0;
  for (auto i = rising.rbegin(); i != rising.rend(); ++i) {
    right += samples.right[*i];
    ++count;
    curve.precision.push_back(right / count);
    curve.recall.push_back(right / static_cast<double>(truths));  // NaN if 0
  }
  return curve;
}

double average_precision(const PrecisionRecall& curve) {
  std::vector<double> recall{0}, precision{0};
  recall.insert(recall.end(), curve.recall.begin(), curve.recall.end());
  recall.push_back(1);
  precision.insert(precision.end(), curve.precision.begin(), curve.precision.end());
  precision.push_back(0);
  for (std::size_t i = precision.size() - 1; i-- > 0;) {
    precision[i] = precision[i + 1] > precision[i] ? precision[i + 1] : precision[i];
  }
  std::vector<double> areas;
  for (std::size_t i = 1; i < recall.size(); ++i) {
    if (recall[i] != recall[i - 1]) areas.push_back((recall[i] - recall[i - 1]) * precision[i]);
  }
  return pairwise_sum(areas);
}

PoseAp pose_ap(const PoseSamples& samples, MissingTruth missing) {
  PoseAp result;
  for (int i = 0; i < kPoseJoints; ++i) {
    if (samples[i].scores.empty()) continue;  // all 0, even if nobody is annotated
    const bool none = samples[i].truths == 0;
    const std::int64_t truths = none && missing == MissingTruth::kZero ? 1 : samples[i].truths;
    const PrecisionRecall curve = precision_recall(samples[i], truths);
    result.ap[i] =
        truths == 0 ? std::numeric_limits<double>::quiet_NaN() : 100 * average_precision(curve);
    result.pre[i] = 100 * curve.precision.back();
    result.rec[i] = 100 * curve.recall.back();
  }
  for (JointValues* values : {&result.ap, &result.pre, &result.rec}) {
    values->back() = mean_of_numbers({values->data(), kPoseJoints});
  }
  return result;
}

}  // namespace vremd::eval
