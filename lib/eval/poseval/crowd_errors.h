// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counts behind the limits that VREMD's paper states (METHOD 14.3): joints of the head that end on
// a shoulder, and people whom others cover.

#include "eval/pose/joint_ap.h"
#include "eval/pose/scored_frame.h"

#include <array>
#include <cstdint>

namespace vremd::eval {

struct Share {
  std::int64_t of = 0, count = 0;

  void add(bool counts) { ++of, count += counts; }
  void add(const Share& other) { of += other.of, count += other.count; }
  double percent() const;  // NaN of none
};

constexpr std::array<int, 3> kHeadJoints = {pose_joint("nose"), pose_joint("head_bottom"),
                                            pose_joint("head_top")};

// Where the joint of a prediction lies whose person has an annotated shoulder.
struct HeadJoint {
  Share near_shoulder;     // within half a head size of one of the person's shoulders
  std::int64_t wrong = 0;  // of these: not where the joint itself is annotated
};

// By the largest IoU of a person's box with another annotated box of the frame: 0, below 0.3, more.
constexpr int kOverlaps = 3;
constexpr double kLargeOverlap = 0.3;
extern const std::array<const char*, kOverlaps> kOverlapNames;

struct OverlapClass {
  std::int64_t people = 0;
  PoseSamples samples;
  PoseAp ap;     // once they are complete: score(); NaN where nobody is annotated
  Share nearer;  // joints that lie nearer to another person's same joint than to the own one
};

struct PoseDiagnostics {
  std::array<HeadJoint, kHeadJoints.size()> head{};
  // A prediction that is compared with nobody is of the class of the person whose box its own box
  // overlaps the most, of the first class where it overlaps none.
  std::array<OverlapClass, kOverlaps> by_overlap{};
  std::array<Share, kPoseJoints> nearer{};  // of each joint

  void add(const ScoredFrame& frame);
  void add(PoseDiagnostics& other);  // takes its samples
  void score();
};

}  // namespace vremd::eval
