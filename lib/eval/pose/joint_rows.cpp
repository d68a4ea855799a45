// SPDX-License-Identifier: Apache-2.0
#include "eval/pose/joint_rows.h"

namespace vremd::eval {
namespace {

std::vector<std::string> both_sides(const std::string& part) {
  return {"left_" + part, "right_" + part};
}

constexpr auto kBodyPairs = {"shoulder", "elbow", "wrist", "hip", "knee", "ankle"};

}  // namespace

std::vector<std::string> body_joints() {
  std::vector<std::string> names;
  for (const char* part : kBodyPairs) {
    for (std::string& name : both_sides(part)) names.push_back(std::move(name));
  }
  return names;
}

const std::vector<JointRow>& joint_rows() {
  static const std::vector<JointRow> rows = [] {
    std::vector<JointRow> list;
    for (const char* part : kBodyPairs) list.push_back({part, both_sides(part)});
    list.push_back({"12 body joints", body_joints()});
    for (const char* joint : {"head_bottom", "head_top", "nose"}) list.push_back({joint, {joint}});
    // Only some data sets annotate these.
    for (const char* part : {"ear", "eye"}) list.push_back({part, both_sides(part), false});
    return list;
  }();
  return rows;
}

}  // namespace vremd::eval
