// SPDX-License-Identifier: Apache-2.0
#pragma once

// The second pass of vremd-track, over a shot whose people have tracks: rejects outliers, fills
// gaps, and smooths forward and backward.

#include "core/joints.h"
#include "io/records.h"
#include "track/outliers.h"
#include "track/smoothing.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::track {

// How long a gap may be: a number of frames without a value, or the time between the values before
// and after it.
struct GapLimit {
  static constexpr std::array kForms{"N", "NUMms"};
  static std::optional<GapLimit> parse(std::string_view text);
  std::string text() const;

  // From one frame of a shot to a later one; there is no gap between neighbours.
  bool allows(std::size_t from, std::size_t to, std::span<const double> times) const;

  double value = 0;  // not negative
  bool is_time = false;
};

struct RefineConfig {
  OutlierConfig outliers = {};
  GapLimit max_gap{10};
  Smoothing smooth = Smoothing::kKalman;  // not kOneEuro
  double cutoff = 5;                      // Hz
};

struct RefineCounts {
  std::int64_t rejected_joints = 0;  // filled or left out
  std::int64_t filled_joints = 0;
  std::int64_t filled_people = 0;  // added to frames in which their track had nobody

  RefineCounts& operator+=(const RefineCounts& other) {
    rejected_joints += other.rejected_joints;
    filled_joints += other.filled_joints;
    filled_people += other.filled_people;
    return *this;
  }
};

// Changes the keypoints and boxes of the people with a track, and adds people; filled keypoints and
// boxes are named in `derived`. `times`: of the frames, in seconds.
RefineCounts refine(std::span<io::FrameRecord> shot, std::span<const double> times,
                    const std::optional<JointSet>& joints, const RefineConfig& config);

}  // namespace vremd::track
