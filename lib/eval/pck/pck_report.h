// SPDX-License-Identifier: Apache-2.0
#pragma once

// PCK as vremd-eval prints it.

#include "eval/evaluate.h"
#include "eval/pck/pck.h"
#include "io/json.h"

#include <string>

namespace vremd::eval {

PckLength pck_length_of(const std::string& name);  // torso, head, bbox; else an Error

std::string pck_text(const Pck& scores, const EvalConfig& config);
Json pck_json(const Pck& scores, const EvalConfig& config);
void warn_of(const Pck& scores);

}  // namespace vremd::eval
