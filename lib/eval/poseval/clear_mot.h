// SPDX-License-Identifier: Apache-2.0
#pragma once

// CLEAR MOT per joint as poseval and py-motmetrics compute it (SCORING 5).

#include "eval/evaluate.h"
#include "eval/pose/joint_ap.h"

namespace vremd::eval {

struct MotCounts {
  std::int64_t objects = 0, detections = 0, misses = 0, switches = 0, false_positives = 0;
  double distances = 0;  // the sum of MOTP

  void add(const MotCounts& other);
};
using PoseMotCounts = std::array<MotCounts, kPoseJoints>;

// Of one sequence. The last frame is ignored, as officially.
PoseMotCounts count_mot(std::span<const ScoredFrame> frames, MotCompat compat);

struct PoseMot {  // percent
  JointValues mota{}, motp{}, pre{}, rec{};
  PoseRows rows() const { return {{"mota", &mota}, {"motp", &motp}, {"pre", &pre}, {"rec", &rec}}; }
};
PoseMot pose_mot(const PoseMotCounts& counts);

}  // namespace vremd::eval
