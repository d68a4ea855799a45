// SPDX-License-Identifier: Apache-2.0
#pragma once

// The input of the official programs: the people and joints of a frame that count, and their
// distances (SCORING 4.1 and 4.2).

#include "annotation/pose_file.h"

#include <array>
#include <cstdint>
#include <vector>

namespace vremd::eval {

constexpr double kNoScore = -9999;  // the official programs' missing score

struct ScoredPose {
  std::int64_t track = -1;
  double head_size = 0;  // of an annotated person; the unit of distance
  std::array<bool, kPoseJoints> has{};
  std::array<double, kPoseJoints> x{}, y{}, score{}, visible{};
  // Not scored, and set only by poseval_frames(): the person's box and, if annotated, its largest
  // IoU with another person's box in the frame.
  Box box;
  double overlap = 0;

  int joints() const;
};

struct ScoredFrame {
  std::vector<ScoredPose> truth, predicted;
};

constexpr double kPckThreshold = 0.5;  // a joint is right up to this distance

// In head sizes; infinity if a joint is missing, NaN or infinity if the head box is a point.
double joint_distance(const ScoredPose& predicted, const ScoredPose& truth, int joint);

inline bool joint_matches(const ScoredPose& predicted, const ScoredPose& truth, int joint) {
  return joint_distance(predicted, truth, joint) <= kPckThreshold;
}

// The ignore regions of an annotated frame. Error: fewer than three points.
const std::vector<annotation::Polygon>& checked_regions(const annotation::PoseFile& truth,
                                                        std::size_t place);
// Strictly inside a region.
bool is_ignored(const std::vector<annotation::Polygon>& regions, Point point);

[[noreturn]] void fail_without_head(const annotation::PoseFile& truth, std::size_t place);

// The annotated person of each prediction, or -1, in a single pass: each prediction chooses the
// person with the largest share of right joints, each person takes the best of its predictions, and
// the others remain unassigned.
std::vector<int> assign_poses(const ScoredFrame& frame);

}  // namespace vremd::eval
