// SPDX-License-Identifier: Apache-2.0
#pragma once

// vremd-eval --oks: COCO's average precision of keypoints (EVAL 8).

#include "eval/evaluate.h"

namespace vremd::eval {

// Prints the kit's ten lines; writes oks.json. False: scored, but the records ended too early.
bool evaluate_oks(const EvalConfig& config);

}  // namespace vremd::eval
