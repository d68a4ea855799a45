// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the average precision is lost: counts behind poseval's figures that it does not tell.

#include "eval/pose/scored_frame.h"

#include <array>
#include <cstdint>

namespace vremd::eval {

// Why a predicted joint is wrong; the first that fits.
enum class WrongJoint {
  kDuplicate,    // right for a person that a better prediction has taken
  kWrongPerson,  // right for another person than its own
  kUnannotated,  // its person has no such joint annotated
  kInexact,      // its person has, but too far away
  kBackground,   // it belongs to nobody, and nobody's joint is near
};
constexpr int kWrongJoints = 5;
extern const std::array<const char*, kWrongJoints> kWrongJointNames;

struct FoundJoints {
  std::int64_t annotated = 0, found = 0;
  double percent() const;  // NaN where none is annotated
};

// Annotated people by head size in pixels: below 20, 40, 80, and larger ones.
constexpr std::array<double, 3> kHeadSizes = {20, 40, 80};

struct PoseAnalysis {
  std::array<std::array<std::int64_t, kWrongJoints>, kPoseJoints> wrong{};
  std::array<FoundJoints, kHeadSizes.size() + 1> by_head_size{};
  std::array<FoundJoints, 2> by_visibility{};  // hidden, visible

  void add(const ScoredFrame& frame);
  void add(const PoseAnalysis& other);
};

}  // namespace vremd::eval
