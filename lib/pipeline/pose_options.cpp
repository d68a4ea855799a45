// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_options.h"

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

#include <algorithm>

namespace vremd::pipeline {
namespace {

std::vector<std::string> joints_of_set(const std::string& name) {
  try {
    return joint_set(name).joints;
  } catch (const Error& error) {
    fail("--joints {}", error.what());
  }
}

}  // namespace

void check_pose_options(const EstimatorOptions& options, const data::TripletOptions& neighbours) {
  const auto require = [](bool ok, const char* what) {
    if (!ok) fail("{}", what);
  };
  const double enlarge = options.enlarge, delta_ms = neighbours.delta_ms;
  require(enlarge == 0 || (enlarge >= 0.1 && enlarge <= 10), "--box-padding must be in [0.1, 10]");
  require(options.batch_size >= 0 && options.batch_size <= 4096,
          "--batch-size must be in [0, 4096]");
  require(neighbours.stride >= 0 && neighbours.stride <= 100, "--stride must be in [0, 100]");
  require(delta_ms >= 0 && delta_ms <= 10000, "--delta-ms must be in [0, 10000]");
}

EstimatorOptions resolve_options(EstimatorOptions options, const PoseChoices& choices,
                                 const model::LoadedModel& loaded) {
  const model::ModelConfig& model = loaded.config;
  options.device = ops::choose_device(choices.device);
  if (choices.device.kind == ops::DeviceKind::kHostAsync) {
    options.host_async = device::deferred_options_of_environment();
    options.host_async->prepare_thread = ops::prepare_worker;
  }
  options.decode = choices.decode.value_or(model.default_decode());
  options.joints = parse_joints(choices.joints, model);
  options.without = parse_parts(choices.knock_out, model);
  options.calibration = loaded.calibration;
  if (choices.scores == Scores::kHeatmap) options.calibration.reset();
  if (choices.scores == Scores::kCalibrated && !options.calibration) {
    fail("--scores calibrated: the weights have no calibration of their scores");
  }
  if (options.enlarge == 0) options.enlarge = model.input.enlarge;
  if (options.batch_size == 0) options.batch_size = options.device.is_cpu() ? 8 : 64;
  if (options.enlarge != model.input.enlarge) {
    log_warning("--box-padding {}: the weights were trained with {}", options.enlarge,
                model.input.enlarge);
  }
  return options;
}

std::vector<int> parse_joints(const std::string& text, const model::ModelConfig& config) {
  const std::vector<int> trained = config.trained_joints();
  if (text.empty()) return trained;
  const JointSet known = config.joints();
  const bool is_list = text.find(',') != std::string::npos || known.index(text) >= 0;
  std::vector<int> joints;
  for (const std::string& name : is_list ? split_names(text) : joints_of_set(text)) {
    const int joint = known.index(name);
    if (joint < 0) fail("--joints {}: the weights have no joint '{}'", text, name);
    if (std::ranges::find(trained, joint) == trained.end()) {
      fail("--joints {}: the weights were not trained for '{}'", text, name);
    }
    if (std::ranges::find(joints, joint) != joints.end()) {
      fail("--joints {}: duplicate joint '{}'", text, name);
    }
    joints.push_back(joint);
  }
  return joints;
}

Reuse parse_reuse(const std::string& text) {
  if (text == "exact") return {};
  if (text == "off") return {.crops = false};
  const auto iou = number_after("hold:", text);
  if (iou && *iou > 0 && *iou < 1) return {.hold_iou = *iou};
  fail("--reuse must be exact, off or hold:IOU with IOU between 0 and 1, not '{}'", text);
}

model::Parts parse_parts(const std::string& text, const model::ModelConfig& config) {
  model::Parts parts;
  if (text.empty()) return parts;
  for (const std::string& name : split_names(text)) {
    const auto part = enum_value<model::Part>(name, "--knock-out");
    if (!config.has_part(part)) fail("--knock-out {}: the weights have no such part", name);
    parts.add(part);
  }
  return parts;
}

JointSet selected_joints(const std::vector<int>& joints, const model::ModelConfig& config) {
  const JointSet known = config.joints();
  std::vector<std::string> names;
  for (const int joint : joints) names.push_back(known.joints.at(static_cast<std::size_t>(joint)));
  return joint_set_of(names);
}

}  // namespace vremd::pipeline
