// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every kind of evaluation says and writes alike.

#include "eval/evaluate.h"

#include <string>
#include <vector>

namespace vremd::eval {

// "3 sequences without predictions: a, b, c", the first three of them. Nothing for none.
void warn_of_names(const std::vector<std::string>& names, const char* what);

void warn_never_predicted(const std::vector<std::string>& joints);

// The JSON object where --json wants it, and the text on standard output unless that takes it.
void write_report(const EvalConfig& config, const std::string& json, const std::string& text);

}  // namespace vremd::eval
