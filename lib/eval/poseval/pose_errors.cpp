// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/pose_errors.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vremd::eval {
namespace {

constexpr std::array<int, 2> kShoulders = {pose_joint("right_shoulder"),
                                           pose_joint("left_shoulder")};

int overlap_class(const ScoredPose& truth) {
  return truth.overlap > 0 ? truth.overlap < kLargeOverlap ? 1 : 2 : 0;
}

// Of an unassigned prediction.
int overlap_class(const ScoredPose& predicted, const ScoredFrame& frame) {
  int best_class = 0;
  double best = 0;
  for (const ScoredPose& truth : frame.truth) {
    const double overlap = iou(predicted.box, truth.box);
    if (overlap > best) {
      best = overlap;
      best_class = overlap_class(truth);
    }
  }
  return best_class;
}

double distance(const ScoredPose& a, int joint_of_a, const ScoredPose& b, int joint_of_b) {
  return std::hypot(a.x[joint_of_a] - b.x[joint_of_b], a.y[joint_of_a] - b.y[joint_of_b]);
}

bool is_near_shoulder(const ScoredPose& predicted, int joint, const ScoredPose& own) {
  return std::any_of(kShoulders.begin(), kShoulders.end(), [&](int shoulder) {
    return own.has[shoulder] &&
           distance(predicted, joint, own, shoulder) <= kPckThreshold * own.head_size;
  });
}

bool is_nearer_to_another(const ScoredPose& predicted, int joint, const ScoredPose& own,
                          const ScoredFrame& frame) {
  const double to_own = distance(predicted, joint, own, joint);
  return std::any_of(frame.truth.begin(), frame.truth.end(), [&](const ScoredPose& other) {
    return &other != &own && other.has[joint] && distance(predicted, joint, other, joint) < to_own;
  });
}

// `own`: the person assigned to the prediction, or null.
WrongJoint reason(const ScoredFrame& frame, const ScoredPose& predicted, const ScoredPose* own,
                  int joint) {
  const bool near = std::ranges::any_of(
      frame.truth, [&](const ScoredPose& truth) { return joint_matches(predicted, truth, joint); });
  if (near) return own ? WrongJoint::kWrongPerson : WrongJoint::kDuplicate;
  if (!own) return WrongJoint::kBackground;
  return own->has[joint] ? WrongJoint::kInexact : WrongJoint::kUnannotated;
}

void add_shares(auto& sums, const auto& others) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i].add(others[i]);
}

}  // namespace

const std::array<const char*, kWrongJoints> kWrongJointNames = {
    "duplicate", "wrong person", "unannotated joint", "inexact", "background"};
const std::array<const char*, kOverlaps> kOverlapNames = {"0", "below 0.3", "from 0.3"};

double Share::percent() const {
  if (of == 0) return std::numeric_limits<double>::quiet_NaN();
  return 100 * (static_cast<double>(count) / static_cast<double>(of));
}

void PoseErrors::add(const ScoredFrame& frame) {
  const std::vector<int> assigned = assign_poses(frame);
  std::vector<const ScoredPose*> prediction_of(frame.truth.size());
  for (std::size_t p = 0; p < assigned.size(); ++p) {
    const ScoredPose& predicted = frame.predicted[p];
    const ScoredPose* own = assigned[p] < 0 ? nullptr : &frame.truth[assigned[p]];
    if (own) prediction_of[assigned[p]] = &predicted;
    OverlapClass& one = by_overlap[own ? overlap_class(*own) : overlap_class(predicted, frame)];
    add_prediction(predicted, own, one.samples);
    for (int i = 0; i < kPoseJoints; ++i) {
      if (!predicted.has[i]) continue;
      if (!own || !joint_matches(predicted, *own, i)) {
        ++wrong[i][static_cast<int>(reason(frame, predicted, own, i))];
      }
      if (!own || !own->has[i]) continue;
      const bool is_nearer = is_nearer_to_another(predicted, i, *own, frame);
      one.nearer.add(is_nearer);
      nearer[i].add(is_nearer);
    }
    if (!own || (!own->has[kShoulders[0]] && !own->has[kShoulders[1]])) continue;
    for (std::size_t k = 0; k < kHeadJoints.size(); ++k) {
      const int joint = kHeadJoints[k];
      if (!predicted.has[joint]) continue;
      const bool near = is_near_shoulder(predicted, joint, *own);
      head[k].near_shoulder.add(near);
      head[k].wrong += near && !joint_matches(predicted, *own, joint);
    }
  }
  for (std::size_t g = 0; g < frame.truth.size(); ++g) {
    const ScoredPose& truth = frame.truth[g];
    const auto size = std::ranges::upper_bound(kHeadSizes, truth.head_size) - kHeadSizes.begin();
    OverlapClass& one = by_overlap[overlap_class(truth)];
    ++one.people;
    add_truth(truth, one.samples);
    for (int i = 0; i < kPoseJoints; ++i) {
      if (!truth.has[i]) continue;
      const bool found = prediction_of[g] && joint_matches(*prediction_of[g], truth, i);
      by_head_size[size].add(found);
      by_visibility[truth.visible[i] > 0].add(found);
    }
  }
}

void PoseErrors::add(PoseErrors& other) {
  for (int i = 0; i < kPoseJoints; ++i) {
    for (int k = 0; k < kWrongJoints; ++k) wrong[i][k] += other.wrong[i][k];
  }
  add_shares(by_head_size, other.by_head_size);
  add_shares(by_visibility, other.by_visibility);
  add_shares(nearer, other.nearer);
  for (std::size_t k = 0; k < head.size(); ++k) {
    head[k].near_shoulder.add(other.head[k].near_shoulder);
    head[k].wrong += other.head[k].wrong;
  }
  for (int k = 0; k < kOverlaps; ++k) {
    OverlapClass &sum = by_overlap[k], &one = other.by_overlap[k];
    sum.people += one.people;
    sum.nearer.add(one.nearer);
    move_samples(one.samples, sum.samples);
  }
}

void PoseErrors::score() {
  for (OverlapClass& one : by_overlap) {
    one.ap = pose_ap(one.samples);
    if (one.people) continue;
    for (JointValues* values : {&one.ap.ap, &one.ap.pre, &one.ap.rec}) {
      values->fill(std::numeric_limits<double>::quiet_NaN());
    }
  }
}

}  // namespace vremd::eval
