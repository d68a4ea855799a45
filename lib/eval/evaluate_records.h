// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "eval/evaluate.h"

namespace vremd::eval {

// PCK and the average precision of boxes, of records that are matched with annotations.
bool evaluate_records(const EvalConfig& config);

}  // namespace vremd::eval
