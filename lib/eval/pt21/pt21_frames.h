// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frames, people and joints of a sequence that count in the PoseTrack21 kit, unlike in poseval
// (SCORING 7.1).

#include "eval/pose/scored_frame.h"

#include <cstddef>
#include <vector>

namespace vremd::eval {

struct Pt21Frames {
  std::vector<ScoredFrame> frames;  // labelled frames
  // Predicted frames with only integer keypoints, whose scores the kit's integer arrays truncate.
  std::size_t integer_frames = 0;
};

// `truncate`: truncate these scores. Errors, as in the kit: different numbers of frames or image
// ids; a frame without is_labeled or the lists of ignore regions; a person without track_id or head
// box; a duplicate track_id in a frame; a region of fewer than three points.
Pt21Frames pt21_frames(const annotation::PoseFile& truth, const annotation::PoseFile& predicted,
                       bool truncate);

}  // namespace vremd::eval
