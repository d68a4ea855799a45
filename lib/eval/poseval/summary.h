// SPDX-License-Identifier: Apache-2.0
#pragma once

// What vremd-eval reports on PoseTrack scores besides the official files.

#include "eval/evaluate.h"
#include "eval/poseval/poseval_scores.h"
#include "io/json.h"

#include <string>

namespace vremd::eval {

// What was compared, the official tables, and where the precision is lost.
std::string summary_text(const PoseSources& sources, const PosevalScores& scores,
                         const EvalConfig& config);

// The same and all scores of each sequence; NaN becomes null.
Json summary_json(const PoseSources& sources, const PosevalScores& scores,
                  const EvalConfig& config);

}  // namespace vremd::eval
