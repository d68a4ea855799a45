// SPDX-License-Identifier: Apache-2.0
#pragma once

// Joints in places where they cannot be.

#include "core/joints.h"
#include "track/path.h"

#include <cstdint>
#include <span>

namespace vremd::track {

struct OutlierConfig {
  // Of a joint relative to its person, in person sizes (the square root of the area) per second;
  // 0: any.
  double max_speed = 8;
  // Of the length of a limb relative to the size of its person, as a multiple of what nine in ten
  // of this limb and of the other side's have in the track; 0: any.
  double max_limb = 1.5;
};

// Makes outliers absent (0, 0, 0) and returns their number. `times`: of the shot's frames, in
// seconds.
//
// Limbs: while there are limbs that are too long, the joint at the end of most of them goes; of
// equals, the one with the lowest score.
//
// Speed: of each joint, the places that remain are the choice with the greatest sum of scores in
// which no step is too fast.
std::int64_t reject_outliers(const Path& path, std::span<const double> times,
                             const JointSet& joints, const OutlierConfig& config);

}  // namespace vremd::track
