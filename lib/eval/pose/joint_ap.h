// SPDX-License-Identifier: Apache-2.0
#pragma once

// Average precision of joints, bit for bit as by the official programs (SCORING 4).

#include "eval/pose/scored_frame.h"

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace vremd::eval {

// One per joint, then the mean over joints.
using JointValues = std::array<double, kPoseJoints + 1>;

// The mean of the values that are not NaN; NaN if none.
double mean_of_numbers(std::span<const double> values);

// Of kPoseColumns: head, shoulders, elbows, wrists, hips, knees, ankles (plain means, which
// propagate NaN), and the mean over joints.
std::array<double, kPoseColumns.size()> pose_columns(const JointValues& values);
// Of the columns without the total.
double mean7(const JointValues& values);

// Predictions of one joint, in the order of frames and persons.
struct JointSamples {
  std::vector<double> scores;
  std::vector<char> right;  // 0 or 1
  std::int64_t truths = 0;  // annotated joints
};
using PoseSamples = std::array<JointSamples, kPoseJoints>;

void add_samples(const ScoredFrame& frame, PoseSamples& samples);
void add_truth(const ScoredPose& truth, PoseSamples& samples);
// `own`: the person assigned to the prediction, or null.
void add_prediction(const ScoredPose& predicted, const ScoredPose* own, PoseSamples& samples);
void move_samples(PoseSamples& from, PoseSamples& to);  // appends

// Precision and recall after each sample, by descending score.
struct PrecisionRecall {
  std::vector<double> precision, recall;
};
PrecisionRecall precision_recall(const JointSamples& samples, std::int64_t truths);

// The area under the envelope of the curve. 0...1
double average_precision(const PrecisionRecall& curve);

// With their names in the official files.
using PoseRows = std::vector<std::pair<const char*, const JointValues*>>;

// Percent; precision and recall are of all samples.
struct PoseAp {
  JointValues ap{}, pre{}, rec{};
  PoseRows rows() const { return {{"ap", &ap}, {"pre", &pre}, {"rec", &rec}}; }
};

enum class MissingTruth {
  kNaN,   // poseval: an unannotated joint has no AP
  kZero,  // the PoseTrack21 kit: it has AP 0
};

PoseAp pose_ap(const PoseSamples& samples, MissingTruth missing = MissingTruth::kNaN);

}  // namespace vremd::eval
