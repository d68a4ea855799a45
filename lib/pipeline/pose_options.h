// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "ops/heatmap_decode.h"
#include "pipeline/pose_estimator.h"

#include <string>
#include <vector>

namespace vremd::pipeline {

// What the words of the command line mean for a model. Errors name the option.
struct PoseWords {
  std::string joints, decode = "auto", device = "auto", precision = "fp32";
};

// Error "--option must be ...": a value that is wrong for any model and device. An `enlarge` or
// `batch_size` of 0 is for resolve_options().
void check_pose_options(const EstimatorOptions& options, const data::TripletOptions& neighbours,
                        const PoseWords& words);

// The options with what the model and the device decide: an `enlarge` or `batch_size` of 0, and
// the words. Warns of an `enlarge` that the model was not trained with.
EstimatorOptions resolve_options(EstimatorOptions options, const PoseWords& words,
                                 const model::ModelConfig& model);

// "auto": dark_udp for udp geometry, quarter for classic (METHOD 2.2); MoveNet's own head makes
// true Gaussians, which dark_udp reads to a hundredth of a pixel.
ops::Decode parse_decode(const std::string& text, const model::ModelConfig& config);

// Indices of the model's joints: "" = all that it was trained for, else a named set or names
// separated by commas. A joint that the model does not know is an Error.
std::vector<int> parse_joints(const std::string& text, const model::ModelConfig& config);

// The set that those indices write.
JointSet selected_joints(const std::vector<int>& joints, const model::ModelConfig& config);

}  // namespace vremd::pipeline
