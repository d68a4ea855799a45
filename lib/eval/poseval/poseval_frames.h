// SPDX-License-Identifier: Apache-2.0
#pragma once

// What poseval compares: which frames, people and joints of a sequence count (EVAL 2.2, 2.3 and 3).

#include "eval/pose/scored_frame.h"

#include <string>
#include <vector>

namespace vremd::eval {

enum class FrameChoice {
  kAnnotated,  // poseval: frames with annotated people, whatever is_labeled says
  kLabelled,   // by is_labeled, also without people; annotated ones where there is no such key
};
FrameChoice frame_choice(const std::string& name);  // "annotated", "labeled"; else an Error

// Errors, as poseval has them: the numbers of frames differ (they are compared by place); a track
// id from 10000 on, or twice in a predicted frame; an ignore region of less than three points; a
// head box or, with `tracks`, a track id that is missing where it is needed.
std::vector<ScoredFrame> poseval_frames(const annotation::PoseFile& truth,
                                        const annotation::PoseFile& predicted, FrameChoice choice,
                                        bool tracks);

}  // namespace vremd::eval
