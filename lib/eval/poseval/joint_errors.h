// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the average precision is lost: counts behind poseval's figures.

#include "eval/pose/scored_frame.h"

#include <array>
#include <cstdint>

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

struct JointErrors {
  std::array<std::array<std::int64_t, kWrongJoints>, kPoseJoints> wrong{};
  // Annotated joints, and how many were found.
  std::array<Share, kHeadSizes.size() + 1> by_head_size{};
  std::array<Share, 2> by_visibility{};  // hidden, visible

  void add(const ScoredFrame& frame);
  void add(const JointErrors& other);
};

}  // namespace vremd::eval
