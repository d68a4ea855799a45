// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frames, people and joints of a sequence that count in poseval (SCORING 2.2, 2.3 and 3).

#include "eval/evaluate.h"
#include "eval/pose/scored_frame.h"

namespace vremd::eval {

// Errors, as in poseval: different numbers of frames (they are compared by index); a track id from
// 10000, or duplicate in a predicted frame; an ignore region of fewer than three points; a missing
// but required head box or, with `tracks`, track id.
std::vector<ScoredFrame> poseval_frames(const annotation::PoseFile& truth,
                                        const annotation::PoseFile& predicted, FrameChoice choice,
                                        bool tracks);

}  // namespace vremd::eval
