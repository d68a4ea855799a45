// SPDX-License-Identifier: Apache-2.0
#pragma once

// Average precision of joints, bit for bit as the official programs compute it (EVAL 4).

#include "eval/pose/scored_frame.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace vremd::eval {

// One per joint, and its mean over joints behind them.
using JointValues = std::array<double, kPoseJoints + 1>;

// The mean of those that are no NaN; NaN where all are.
double mean_of_numbers(std::span<const double> values);

// Head, shoulders, elbows, wrists, hips, knees, ankles: plain means, in which a NaN stays.
std::array<double, 7> joint_groups(const JointValues& values);

// The predicted joints of one kind, in the order of frames and persons.
struct JointSamples {
  std::vector<double> scores;
  std::vector<char> right;  // 0 or 1
  std::int64_t truths = 0;  // annotated ones

  void append(const JointSamples& other);
};
using PoseSamples = std::array<JointSamples, kPoseJoints>;

void add_samples(const ScoredFrame& frame, PoseSamples& samples);

// Precision and recall behind each sample, by falling score.
struct PrecisionRecall {
  std::vector<double> precision, recall;
};
PrecisionRecall precision_recall(const JointSamples& samples, std::int64_t truths);

// The area under the envelope of the curve. 0...1
double average_precision(const PrecisionRecall& curve);

// In percent; pre and rec are those of all samples.
struct PoseAp {
  JointValues ap{}, pre{}, rec{};
};

enum class MissingTruth {
  kNaN,   // poseval: a joint that nobody annotated has no AP
  kZero,  // the PoseTrack21 kit: it has 0
};

PoseAp pose_ap(const PoseSamples& samples, MissingTruth missing = MissingTruth::kNaN);

}  // namespace vremd::eval
