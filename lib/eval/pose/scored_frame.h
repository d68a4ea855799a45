// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the official programs compare: the people of one frame whose joints count, and how far apart
// they are (EVAL 4.1 and 4.2).

#include "annotation/pose_file.h"

#include <array>
#include <cstdint>
#include <vector>

namespace vremd::eval {

constexpr double kNoScore = -9999;  // what the official programs take for a missing score

struct ScoredPose {
  std::int64_t track = -1;
  double head_size = 0;  // of an annotated person: the unit of distances
  std::array<bool, kPoseJoints> has{};
  std::array<double, kPoseJoints> x{}, y{}, score{}, visible{};
  // Not scored by, and only where poseval_frames() made it: the person's box, and of an annotated
  // one the largest IoU of that with the box of another one in the frame.
  Box box;
  double overlap = 0;

  int joints() const;  // how many it has
};

struct ScoredFrame {
  std::size_t place = 0;  // in the files
  std::vector<ScoredPose> truth, predicted;
};

constexpr double kPckThreshold = 0.5;  // a joint is right up to this distance

// Between two joints in head sizes; infinity where one of them is missing. NaN or infinity where
// the head box is a point.
double joint_distance(const ScoredPose& predicted, const ScoredPose& truth, int joint);

inline bool joint_matches(const ScoredPose& predicted, const ScoredPose& truth, int joint) {
  return joint_distance(predicted, truth, joint) <= kPckThreshold;
}

// The regions of an annotated frame. Error: one of less than three points.
const std::vector<annotation::Polygon>& checked_regions(const annotation::PoseFile& truth,
                                                        std::size_t place);
bool is_ignored(const std::vector<annotation::Polygon>& regions,
                Point point);  // strictly inside one

[[noreturn]] void refuse_without_head(const annotation::PoseFile& truth, std::size_t place);

// For each prediction the annotated person it is compared with, -1: none. One pass: a prediction
// wants the person of whose joints it has most right, a person takes the best of those who want it;
// the others stay without one.
std::vector<int> assign_poses(const ScoredFrame& frame);

}  // namespace vremd::eval
