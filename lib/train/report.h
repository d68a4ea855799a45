// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <string>
#include <vector>

namespace vremd::train {

// The lines of a run's metrics.jsonl; one that a kill cut off is left out.
std::vector<Json> read_metrics(const std::string& path);

// A page that shows how a run went: curves of the loss, the learning rate, the share of time that
// the workers waited for data, Mask_k, the validation score and that of each joint, and a picture.
// It needs no other file and no network. `png`: the picture's bytes; "": none. `caption`: its.
std::string html_report(const std::string& title, const std::vector<Json>& metrics,
                        const std::string& png, const std::string& caption);

}  // namespace vremd::train
