// SPDX-License-Identifier: Apache-2.0
#pragma once

// The average precision of joints over resampled sequences (SCORING 11).

#include "eval/bootstrap/resampled.h"
#include "eval/pose/joint_ap.h"

namespace vremd::eval {

// The predictions of one joint, ranked once over all units.
class RankedJoint {
 public:
  // `units`: the samples of each.
  explicit RankedJoint(std::span<const JointSamples* const> units);

  // PoseAp::ap of the joint: percent.
  double ap(std::span<const std::uint32_t> times, MissingTruth missing) const;

 private:
  std::size_t ranks_of_right(std::span<const std::uint32_t> times,
                             std::vector<std::uint32_t>& ranks) const;

  struct Prediction {
    std::uint32_t unit;
    bool right;
  };
  std::vector<Prediction> ranked_;  // by descending score
  // Where those of a score and unit begin, and the end: they are repeated together.
  std::vector<std::uint32_t> groups_;
  std::vector<std::int64_t> truths_;  // of each unit
};

// The AP of every joint and its mean, NaN joints left out.
class RankedPoses {
 public:
  RankedPoses(std::span<const PoseSamples* const> units, MissingTruth missing);
  JointValues ap(std::span<const std::uint32_t> times) const;

 private:
  std::vector<RankedJoint> joints_;
  MissingTruth missing_;
};

}  // namespace vremd::eval
