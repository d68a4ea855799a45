// SPDX-License-Identifier: Apache-2.0
#pragma once

// The limits stated in VREMD's paper, as counts (METHOD 14.3): head joints found on a shoulder, and
// people occluded by others.

#include "eval/pose/joint_ap.h"
#include "eval/poseval/joint_errors.h"

#include <array>
#include <cstdint>

namespace vremd::eval {

constexpr std::array<int, 3> kHeadJoints = {pose_joint("nose"), pose_joint("head_bottom"),
                                            pose_joint("head_top")};

// A predicted joint whose person has an annotated shoulder.
struct HeadJoint {
  Share near_shoulder;     // within half a head size of one of the person's shoulders
  std::int64_t wrong = 0;  // of these: not at the annotated joint
};

// By the largest IoU of a person's box with another annotated box of the frame: 0, below 0.3, more.
constexpr int kOverlaps = 3;
constexpr double kLargeOverlap = 0.3;
extern const std::array<const char*, kOverlaps> kOverlapNames;

struct OverlapClass {
  std::int64_t people = 0;
  PoseSamples samples;
  PoseAp ap;     // set by score(); NaN if nobody is annotated
  Share nearer;  // joints nearer to another person's same joint than to their own person's
};

struct CrowdErrors {
  std::array<HeadJoint, kHeadJoints.size()> head{};
  // An unassigned prediction is in the class of the person whose box overlaps its own most, or in
  // the first class if none overlaps.
  std::array<OverlapClass, kOverlaps> by_overlap{};
  std::array<Share, kPoseJoints> nearer{};  // of each joint

  void add(const ScoredFrame& frame);
  void add(CrowdErrors& other);  // moves its samples
  void score();
};

}  // namespace vremd::eval
