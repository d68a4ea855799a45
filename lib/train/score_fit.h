// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <c10/core/Device.h>

#include <functional>
#include <optional>
#include <string>

namespace vremd::train {

struct ScoreFit {
  std::string weights;  // file or bundled model
  std::string output;   // the same weights with a calibration of their scores
  int threads = 1;
  c10::Device device = c10::Device(c10::kCPU);
  std::function<bool()> stopped = [] { return false; };
};

// Fits the scores of a network (METHOD 2.4) to the people of config.data, which it must not have
// been trained on, cropped by their annotated boxes; config.validate, if set, only gets a report.
// Returns how reliable the scores are, as Markdown tables. Of the configuration, only `data` and
// `validate…` count. Nullopt if stopped. Error: nobody with a head box and labelled joints; the
// output exists.
std::optional<std::string> fit_scores(const TrainConfig& config, const ScoreFit& options);

}  // namespace vremd::train
