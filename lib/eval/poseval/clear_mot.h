// SPDX-License-Identifier: Apache-2.0
#pragma once

// CLEAR MOT per joint as poseval and py-motmetrics compute it (SCORING 5).

#include "eval/pose/joint_ap.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vremd::eval {

// The version of py-motmetrics below the official program: their sums differ (SCORING 5.5).
enum class MotCompat { k102, k120, k140 };
MotCompat mot_compat(const std::string& version);  // "1.0.2", "1.2.0", "1.4.0"; else an Error

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
};
PoseMot pose_mot(const PoseMotCounts& counts);

}  // namespace vremd::eval
