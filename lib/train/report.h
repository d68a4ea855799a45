// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <string>
#include <utility>
#include <vector>

namespace vremd::train {

// The lines of a run's metrics.jsonl, without one truncated by a kill.
std::vector<Json> read_metrics(const std::string& path);

using Facts = std::vector<std::pair<std::string, std::string>>;  // name, value

struct Report {
  std::string title;
  Facts facts;  // for the summary
  std::vector<Json> metrics;
  std::string score;         // by which the best epoch is chosen: "pck" or "ap"
  std::string png, caption;  // of samples; "": none
  std::string config;        // text of config.json
};

// Self-contained page: a summary, scores of the validation with the best epoch, samples, and curves
// of the training (loss, learning rate, speed, Mask_k).
std::string html_report(const Report& report);

}  // namespace vremd::train
