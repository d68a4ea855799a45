// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "ops/heatmap_decode.h"
#include "pipeline/pose_estimator.h"

#include <string>
#include <vector>

namespace vremd::pipeline {

// Unresolved values of the command line.
struct PoseWords {
  std::string joints, decode = "auto", nms = "none", device = "auto", precision = "fp32";
};

// Error "--option must be ...": a value is invalid for any model and device. An `enlarge` or
// `batch_size` of 0 means the default.
void check_pose_options(const EstimatorOptions& options, const data::TripletOptions& neighbours,
                        const PoseWords& words);

// Resolves the words and the defaults of `enlarge` and `batch_size`. Warns if `enlarge` differs
// from the training.
EstimatorOptions resolve_options(EstimatorOptions options, const PoseWords& words,
                                 const model::ModelConfig& model);

// "auto" is the model's default_decode().
ops::Decode parse_decode(const std::string& text, const model::ModelConfig& config);

// Indices of the model's joints: "" = all trained ones, otherwise a named set or names separated by
// commas. Error: the model lacks a joint.
std::vector<int> parse_joints(const std::string& text, const model::ModelConfig& config);

// The joint set of these indices.
JointSet selected_joints(const std::vector<int>& joints, const model::ModelConfig& config);

}  // namespace vremd::pipeline
