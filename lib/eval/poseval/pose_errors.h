// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the average precision is lost: counts behind poseval's figures, among them the limits
// stated in VREMD's paper (METHOD 14.3): head joints found on a shoulder, and people occluded by
// others.

#include "eval/pose/joint_ap.h"

namespace vremd::eval {

struct Share {
  std::int64_t of = 0, count = 0;

  bool operator==(const Share&) const = default;
  void add(bool counts) { ++of, count += counts; }
  void add(const Share& other) { of += other.of, count += other.count; }
  double percent() const;  // NaN if `of` is 0
};

// Why a predicted joint is wrong: the first reason that applies.
enum class WrongJoint {
  kDuplicate,    // right for a person assigned to a better prediction
  kWrongPerson,  // right for a person other than its own
  kUnannotated,  // its person lacks this joint
  kInexact,      // too far from its person's joint
  kBackground,   // assigned to nobody, and near nobody's joint
};
constexpr int kWrongJoints = 5;
extern const std::array<const char*, kWrongJoints> kWrongJointNames;

// Upper limits in pixels; larger heads are a class of their own.
constexpr std::array<double, 3> kHeadSizes = {20, 40, 80};

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

struct PoseErrors {
  std::array<std::array<std::int64_t, kWrongJoints>, kPoseJoints> wrong{};
  // Annotated joints, and how many were found.
  std::array<Share, kHeadSizes.size() + 1> by_head_size{};
  std::array<Share, 2> by_visibility{};  // hidden, visible
  std::array<HeadJoint, kHeadJoints.size()> head{};
  // An unassigned prediction is in the class of the person whose box overlaps its own most, or in
  // the first class if none overlaps.
  std::array<OverlapClass, kOverlaps> by_overlap{};
  std::array<Share, kPoseJoints> nearer{};  // of each joint

  void add(const ScoredFrame& frame);
  void add(PoseErrors& other);  // moves its samples
  void score();
};

}  // namespace vremd::eval
