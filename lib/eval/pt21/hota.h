// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keypoint HOTA as the PoseTrack21 kit computes it (SCORING 7.3): detection and association
// accuracy of each joint at thresholds of its similarity, 1 at distance 0 and 0 from 0.5001 head
// sizes.

#include "eval/pose/scored_frame.h"

#include <array>
#include <span>
#include <string>

namespace vremd::eval {

constexpr int kHotaAlphas = 19;                // thresholds: 0.05, 0.10 ... 0.95
constexpr int kHotaColumns = kPoseJoints + 1;  // the joints in the kit's order, and all of them

using HotaRow = std::array<double, kHotaColumns>;
using HotaTable = std::array<HotaRow, kHotaAlphas>;

struct Hota {
  HotaTable tp{}, fn{}, fp{};
  HotaTable ass_a{}, ass_re{}, ass_pr{}, frag_a{}, loc_a{};
  // Derived from these.
  HotaTable det_a{}, det_re{}, det_pr{}, hota{}, rhota{}, fa_hota{}, fa_rhota{};
  HotaRow hota_loc_a_0{};  // HOTA x LocA at the lowest threshold
};

// Every table with its name in the kit, in the order of the kit's files.
struct HotaField {
  const char* name;
  HotaTable Hota::* table;
};
extern const std::array<HotaField, 15> kHotaFields;

// Of one sequence; the last column is the mean over the joints, or for counts the sum. In a frame
// without predictions, the kit counts the annotated joints of the whole sequence as missed, with
// `fix` those of the frame (likewise the predicted joints in a frame without annotated people).
Hota hota(std::span<const ScoredFrame> frames, bool fix);

// Of all sequences: associations are weighted by true positives per column, including the last.
Hota combined_hota(std::span<const Hota> sequences);

// The kit's two lines: names, and means over the thresholds of the last column.
std::string hota_summary(const Hota& scores);

}  // namespace vremd::eval
