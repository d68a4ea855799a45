// SPDX-License-Identifier: Apache-2.0
#pragma once

// vremd-eval as the official PoseTrack evaluator, poseval (EVAL 1...6).

#include "eval/evaluate.h"

namespace vremd::eval {

// Reads, scores and reports. False: scored, but some records ended too early.
bool evaluate_poseval(const EvalConfig& config);

}  // namespace vremd::eval
