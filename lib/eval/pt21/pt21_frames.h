// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the PoseTrack21 kit compares: which frames, people and joints of a sequence count, which is
// not what poseval compares (EVAL 7.1).

#include "eval/pose/scored_frame.h"

#include <cstddef>
#include <vector>

namespace vremd::eval {

struct Pt21Frames {
  std::vector<ScoredFrame> frames;  // those that are labelled
  // Predicted frames with no number but integers among their keypoints, whose scores the kit's
  // integer arrays cut off at the decimal point.
  std::size_t integer_frames = 0;
};

// `truncate`: cut the scores off, too. Errors, as the kit has them: other numbers of frames, or
// other image ids at a place; a frame without is_labeled or the lists of ignore regions; a person
// without track_id or head box; a track_id twice in a frame; a region of less than three points.
Pt21Frames pt21_frames(const annotation::PoseFile& truth, const annotation::PoseFile& predicted,
                       bool truncate);

}  // namespace vremd::eval
