// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frames, people and joints of a sequence that count in poseval (SCORING 2.2, 2.3 and 3).

#include "eval/pose/scored_frame.h"

#include <string>
#include <vector>

namespace vremd::eval {

enum class FrameChoice {
  kAnnotated,  // poseval: frames with annotated people, whatever is_labeled
  kLabelled,   // by is_labeled, also without people; if absent, as above
};
FrameChoice frame_choice(const std::string& name);  // "annotated", "labeled"; else an Error

// Errors, as in poseval: different numbers of frames (they are compared by index); a track id from
// 10000, or duplicate in a predicted frame; an ignore region of fewer than three points; a missing
// but required head box or, with `tracks`, track id.
std::vector<ScoredFrame> poseval_frames(const annotation::PoseFile& truth,
                                        const annotation::PoseFile& predicted, FrameChoice choice,
                                        bool tracks);

}  // namespace vremd::eval
