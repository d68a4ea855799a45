// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keypoint HOTA as the PoseTrack21 kit computes it (SCORING 7.3): detection and association
// accuracy of each joint at thresholds of its similarity, 1 at distance 0 and 0 from 0.5001 head
// sizes.

#include "eval/pose/scored_frame.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vremd::eval {

constexpr int kHotaAlphas = 19;                // thresholds: 0.05, 0.10 ... 0.95
constexpr int kHotaColumns = kPoseJoints + 1;  // the joints in the kit's order, and all of them

// At one threshold.
struct HotaScores {
  double tp = 0, fn = 0, fp = 0;
  double ass_a = 0, ass_re = 0, ass_pr = 0, frag_a = 0, loc_a = 0;
  // Derived from these.
  double det_a = 0, det_re = 0, det_pr = 0, hota = 0, rhota = 0, fa_hota = 0, fa_rhota = 0;
  double hota_loc_a = 0;  // HOTA x LocA
};
using HotaRow = std::array<HotaScores, kHotaColumns>;
using Hota = std::array<HotaRow, kHotaAlphas>;

// The scores that the kit writes at all thresholds, with their names and in its order.
struct HotaField {
  const char* name;
  double HotaScores::* score;
};
extern const std::array<HotaField, 15> kHotaFields;

// Of one sequence; the last column is the mean over the joints, or for counts the sum. In a frame
// without predictions, the kit counts the annotated joints of the whole sequence as missed, with
// `fix` those of the frame (likewise the predicted joints in a frame without annotated people).
Hota hota(std::span<const ScoredFrame> frames, bool fix);

// Of all sequences: associations are weighted by true positives per column, including the last.
// `times`: how often each counts; empty: once.
Hota combined_hota(std::span<const Hota> sequences, std::span<const std::uint32_t> times = {});

// The rates of the kit's summary, percent: means over the thresholds of the last column.
std::vector<std::pair<std::string, double>> hota_rates(const Hota& scores);

// The kit's two lines: names, and these rates and the counts.
std::string hota_summary(const Hota& scores);

}  // namespace vremd::eval
