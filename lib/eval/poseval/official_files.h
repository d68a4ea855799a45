// SPDX-License-Identifier: Apache-2.0
#pragma once

// The official program's tables and files, byte for byte (SCORING 6).

#include "eval/pose/joint_ap.h"
#include "eval/poseval/clear_mot.h"

#include <string>
#include <string_view>

namespace vremd::eval {

// "12.3" or "nan".
std::string one_decimal(double value);

// As by Python's repr: the shortest text that reads back as the same number.
std::string python_number(double value, std::string_view nan);

// {"ap": [...], "pre": ..., "rec": ..., "names": {...}}; `nan`: "NaN" as officially, or "null".
std::string official_json(const PoseRows& rows, std::string_view nan);

// The lines from the heading on.
std::string official_table(const PoseAp& scores);
std::string official_table(const PoseMot& scores);

}  // namespace vremd::eval
