// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/device.h"
#include "ops/heatmap_decode.h"
#include "pipeline/pose_estimator.h"

#include <optional>
#include <string>
#include <vector>

namespace vremd::pipeline {

// Joint scores: probabilities (METHOD 2.4), or the heatmaps' maxima.
enum class Scores { kCalibrated, kHeatmap };
constexpr auto enum_names(Scores) { return std::array{"calibrated", "heatmap"}; }

// Unresolved values of the command line.
struct PoseChoices {
  std::string joints;                 // see parse_joints()
  std::string knock_out;              // see parse_parts()
  std::optional<ops::Decode> decode;  // else the model's default_decode()
  std::optional<Scores> scores;       // else calibrated if the weights have a calibration
  std::string nms = "none";           // see parse_nms()
  std::string reuse = "exact";        // see parse_reuse()
  ops::DeviceChoice device;
};

// Error "--option must be ...": a number is invalid for any model and device. An `enlarge` or
// `batch_size` of 0 means the default.
void check_pose_options(const EstimatorOptions& options, const data::TripletOptions& neighbours);

// Resolves the choices and the defaults of `enlarge` and `batch_size`. Warns if `enlarge` differs
// from the training. Error: calibrated scores of weights without a calibration.
EstimatorOptions resolve_options(EstimatorOptions options, const PoseChoices& choices,
                                 const model::LoadedModel& loaded);

// Indices of the model's joints: "" = all trained ones, otherwise a named set or names separated by
// commas. Error: the model lacks a joint.
std::vector<int> parse_joints(const std::string& text, const model::ModelConfig& config);

// What is done once for several frames.
struct Reuse {
  bool crops = true;    // equal crops are encoded once, which changes no result
  double hold_iou = 0;  // of BoxHolder, 0: none
};
// "off", "exact" or "hold:IOU". Error otherwise.
Reuse parse_reuse(const std::string& text);

// Parts separated by commas (METHOD 9.1). Error: unknown, or the model has no such part.
model::Parts parse_parts(const std::string& text, const model::ModelConfig& config);

// The joint set of these indices.
JointSet selected_joints(const std::vector<int>& joints, const model::ModelConfig& config);

}  // namespace vremd::pipeline
