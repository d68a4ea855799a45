// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <string>
#include <vector>

namespace vremd::train {

// The lines of a run's metrics.jsonl, without one truncated by a kill.
std::vector<Json> read_metrics(const std::string& path);

// Self-contained page with the curves of a run: loss, learning rate, share of time spent waiting
// for data, Mask_k, validation scores in total and per joint; and the picture `png` (file content,
// may be "") with `caption`.
std::string html_report(const std::string& title, const std::vector<Json>& metrics,
                        const std::string& png, const std::string& caption);

}  // namespace vremd::train
