// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options of vremd-pose.

#include "cli/batch.h"
#include "detect_config.h"
#include "pipeline/pose_options.h"
#include "pipeline/pose_reader.h"

#include <string>
#include <vector>

namespace vremd {

struct PoseConfig {
  cli::BatchOptions batch;
  std::vector<std::string> inputs;
  std::string weights = "vremd-light", dump;
  cli::RangeOptions range;
  pipeline::PoseChoices choices;
  bool stats = false, diagnose = false, with_detection = false, track = false;
  DetectConfig detect;
  pipeline::PoseInput input;
  pipeline::EstimatorOptions estimator;

  PoseConfig() {  // 0: by weights and device
    estimator.enlarge = estimator.batch_size = input.neighbours.stride = 0;
  }

  void add_to(cli::Tool& tool);
  void validate(const cli::Tool& tool);  // UsageErrors
  // Sets what depends on the weights, in `input` too. UsageErrors.
  pipeline::EstimatorOptions resolve(const model::LoadedModel& loaded);
};

}  // namespace vremd
