// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/joint_errors.h"

#include <algorithm>
#include <limits>

namespace vremd::eval {
namespace {

// `own`: the person assigned to the prediction, or -1.
WrongJoint reason(const ScoredFrame& frame, const ScoredPose& predicted, int own, int joint) {
  const bool near =
      std::any_of(frame.truth.begin(), frame.truth.end(),
                  [&](const ScoredPose& truth) { return joint_matches(predicted, truth, joint); });
  if (near) return own < 0 ? WrongJoint::kDuplicate : WrongJoint::kWrongPerson;
  if (own < 0) return WrongJoint::kBackground;
  return frame.truth[own].has[joint] ? WrongJoint::kInexact : WrongJoint::kUnannotated;
}

std::size_t size_class(double head_size) {
  return std::upper_bound(kHeadSizes.begin(), kHeadSizes.end(), head_size) - kHeadSizes.begin();
}

}  // namespace

const std::array<const char*, kWrongJoints> kWrongJointNames = {
    "duplicate", "wrong person", "unannotated joint", "inexact", "background"};

double Share::percent() const {
  if (of == 0) return std::numeric_limits<double>::quiet_NaN();
  return 100 * (static_cast<double>(count) / static_cast<double>(of));
}

void JointErrors::add(const ScoredFrame& frame) {
  const std::vector<int> assigned = assign_poses(frame);
  std::vector<const ScoredPose*> prediction_of(frame.truth.size());
  for (std::size_t p = 0; p < assigned.size(); ++p) {
    const ScoredPose& predicted = frame.predicted[p];
    const int own = assigned[p];
    if (own >= 0) prediction_of[own] = &predicted;
    for (int i = 0; i < kPoseJoints; ++i) {
      if (!predicted.has[i]) continue;
      if (own >= 0 && joint_matches(predicted, frame.truth[own], i)) continue;
      ++wrong[i][static_cast<int>(reason(frame, predicted, own, i))];
    }
  }
  for (std::size_t g = 0; g < frame.truth.size(); ++g) {
    const ScoredPose& truth = frame.truth[g];
    for (int i = 0; i < kPoseJoints; ++i) {
      if (!truth.has[i]) continue;
      const bool found = prediction_of[g] && joint_matches(*prediction_of[g], truth, i);
      by_head_size[size_class(truth.head_size)].add(found);
      by_visibility[truth.visible[i] > 0].add(found);
    }
  }
}

void JointErrors::add(const JointErrors& other) {
  for (int i = 0; i < kPoseJoints; ++i) {
    for (int k = 0; k < kWrongJoints; ++k) wrong[i][k] += other.wrong[i][k];
  }
  for (std::size_t k = 0; k < by_head_size.size(); ++k) by_head_size[k].add(other.by_head_size[k]);
  for (std::size_t k = 0; k < 2; ++k) by_visibility[k].add(other.by_visibility[k]);
}

}  // namespace vremd::eval
