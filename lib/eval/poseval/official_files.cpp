// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/official_files.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace vremd::eval {
namespace {

using Arrays = std::vector<std::pair<const char*, const JointValues*>>;

// In the order of the official file, which calls head_bottom neck.
std::string official_names() {
  std::string text = "\"names\": {";
  for (const int joint : {0, 1, 2, 8, 7, 6, 5, 4, 3, 9, 10, 11, 12, 13, 14}) {
    const std::string_view name = kPoseJointNames[joint];
    text += fmt::format("\"{}\": \"{}\", ", joint, name == "head_bottom" ? "neck" : name);
  }
  return text + fmt::format("\"{}\": \"total\"}}", kPoseJoints);
}

std::string official_json(const Arrays& arrays, std::string_view nan) {
  std::string text = "{";
  for (const auto& [name, values] : arrays) {
    text += fmt::format("\"{}\": [", name);
    for (std::size_t i = 0; i < values->size(); ++i) {
      text += (i ? ", " : "") + python_number((*values)[i], nan);
    }
    text += "], ";
  }
  return text + official_names() + "}";
}

std::string row(std::span<const double> cells) {
  std::string text;
  for (const double cell : cells) {
    text += "&" + (std::isnan(cell) ? "  nan" : fmt::format("{:5.1f}", cell)) + " ";
  }
  return text + "\\\\\n";
}

std::vector<double> groups_and_total(const JointValues& values) {
  const auto groups = joint_groups(values);
  std::vector<double> cells(groups.begin(), groups.end());
  cells.push_back(values.back());
  return cells;
}

}  // namespace

std::string python_number(double value, std::string_view nan) {
  if (std::isnan(value)) return std::string(nan);
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string official_json(const PoseAp& scores, std::string_view nan) {
  return official_json({{"ap", &scores.ap}, {"pre", &scores.pre}, {"rec", &scores.rec}}, nan);
}

std::string official_json(const PoseMot& scores, std::string_view nan) {
  return official_json(
      {{"mota", &scores.mota}, {"motp", &scores.motp}, {"pre", &scores.pre}, {"rec", &scores.rec}},
      nan);
}

std::string official_table(const PoseAp& scores) {
  return "Average Precision (AP) metric:\n"
         "& Head & Shou & Elb  & Wri  & Hip  & Knee & Ankl & Total\\\\\n" +
         row(groups_and_total(scores.ap));
}

std::string official_table(const PoseMot& scores) {
  std::vector<double> cells = groups_and_total(scores.mota);
  cells.insert(cells.end(), {scores.motp.back(), scores.pre.back(), scores.rec.back()});
  return "Multiple Object Tracking (MOT) metrics:\n"
         "& MOTA & MOTA & MOTA & MOTA & MOTA & MOTA & MOTA & MOTA & MOTP & Prec & Rec  \\\\\n"
         "& Head & Shou & Elb  & Wri  & Hip  & Knee & Ankl & Total& Total& Total& Total\\\\\n" +
         row(cells);
}

}  // namespace vremd::eval
