// SPDX-License-Identifier: Apache-2.0
#pragma once

// vremd-eval --kit pt21: mAP and keypoint HOTA as PoseTrack21's own kit has them (EVAL 7).

#include "eval/evaluate.h"

namespace vremd::eval {

// Prints what the kit prints; writes posetrack21.json, everything in it. False: scored, but some
// records ended too early.
bool evaluate_pt21(const EvalConfig& config);

}  // namespace vremd::eval
