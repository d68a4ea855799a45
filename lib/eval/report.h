// SPDX-License-Identifier: Apache-2.0
#pragma once

// Warnings and reports common to all kinds of evaluation.

#include "eval/evaluate.h"
#include "io/json.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vremd::eval {

struct MatchCounts {
  std::int64_t matched = 0, missing = 0, extra = 0;  // extra: not in the ground truth

  bool operator==(const MatchCounts&) const = default;
};
std::string text_of(const MatchCounts& counts);  // "5 matched, 1 missing, 0 superfluous"
Json json_of(const MatchCounts& counts);

// "5 sequences without predictions: a, b, c ...": the first three of them. Silent if empty.
void warn_of_names(const std::vector<std::string>& names, const char* what);

// The annotated joints that no prediction has.
void warn_never_predicted(const std::vector<std::string>& joints);

// Warnings about the frames of the sequences that records predict.
void report_frames(const MatchCounts& counts);

// The run: tool, version, command, ground_truth.
Json report_head(const EvalConfig& config);

// Writes the JSON object to the file of --json, and the text to standard output unless that is it.
void write_report(const EvalConfig& config, const std::string& json, const std::string& text);

}  // namespace vremd::eval
