// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_options.h"

#include "core/error.h"

#include <algorithm>

namespace vremd {
namespace {

std::vector<std::string> joints_of_set(const std::string& name) {
  try {
    return joint_set(name).joints;
  } catch (const Error& error) {
    fail("--joints {}", error.what());
  }
}

}  // namespace

bool is_decode(const std::string& text) {
  return text == "auto" || enum_from_name<Decode>(text);
}

Decode parse_decode(const std::string& text, const ModelConfig& config) {
  if (text == "auto") {
    const bool udp =
        config.geometry == Geometry::kUdp || config.model.head == HeadKind::kMovenet;
    return udp ? Decode::kDarkUdp : Decode::kQuarter;
  }
  if (const auto decode = enum_from_name<Decode>(text)) return *decode;
  fail("--decode takes auto, argmax, quarter, dark or dark_udp, not '{}'", text);
}

std::vector<int> parse_joints(const std::string& text, const ModelConfig& config) {
  const std::vector<int> trained = config.trained_joints();
  if (text.empty()) return trained;
  const JointSet known = config.joints();
  const bool is_list = text.find(',') != std::string::npos || known.index(text) >= 0;
  std::vector<int> joints;
  for (const std::string& name : is_list ? split_names(text) : joints_of_set(text)) {
    const int joint = known.index(name);
    if (joint < 0) fail("--joints {}: the weights know no joint '{}'", text, name);
    if (std::find(trained.begin(), trained.end(), joint) == trained.end()) {
      fail("--joints {}: the weights were not trained for '{}'", text, name);
    }
    if (std::find(joints.begin(), joints.end(), joint) != joints.end()) {
      fail("--joints {}: '{}' twice", text, name);
    }
    joints.push_back(joint);
  }
  return joints;
}

JointSet selected_joints(const std::vector<int>& joints, const ModelConfig& config) {
  const JointSet known = config.joints();
  std::vector<std::string> names;
  for (const int joint : joints) names.push_back(known.joints.at(static_cast<std::size_t>(joint)));
  return joint_set_of(names);
}

}  // namespace vremd
