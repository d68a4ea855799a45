// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/official_files.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <span>

namespace vremd::eval {
namespace {

// In the order of the official file, which calls head_bottom neck.
std::string official_names() {
  std::string text = "\"names\": {";
  for (const int joint : {0, 1, 2, 8, 7, 6, 5, 4, 3, 9, 10, 11, 12, 13, 14}) {
    const std::string_view name = kPoseJointNames[joint];
    text += fmt::format("\"{}\": \"{}\", ", joint, name == "head_bottom" ? "neck" : name);
  }
  return text + fmt::format("\"{}\": \"total\"}}", kPoseJoints);
}

std::string row(std::span<const double> cells) {
  std::string text;
  for (const double cell : cells) text += fmt::format("&{:>5} ", one_decimal(cell));
  return text;
}

}  // namespace

std::string one_decimal(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:.1f}", value);
}

std::string python_number(double value, std::string_view nan) {
  if (std::isnan(value)) return std::string(nan);
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string official_json(const PoseRows& rows, std::string_view nan) {
  std::string text = "{";
  for (const auto& [name, values] : rows) {
    text += fmt::format("\"{}\": [", name);
    for (std::size_t i = 0; i < values->size(); ++i) {
      text += (i ? ", " : "") + python_number((*values)[i], nan);
    }
    text += "], ";
  }
  return text + official_names() + "}";
}

std::string official_table(const PoseAp& scores) {
  return "Average Precision (AP) metric:\n"
         "& Head & Shou & Elb  & Wri  & Hip  & Knee & Ankl & Total\\\\\n" +
         row(pose_columns(scores.ap)) + "\\\\\n";
}

std::string official_table(const PoseMot& scores) {
  const std::array more = {scores.motp.back(), scores.pre.back(), scores.rec.back()};
  return "Multiple Object Tracking (MOT) metrics:\n"
         "& MOTA & MOTA & MOTA & MOTA & MOTA & MOTA & MOTA & MOTA & MOTP & Prec & Rec  \\\\\n"
         "& Head & Shou & Elb  & Wri  & Hip  & Knee & Ankl & Total& Total& Total& Total\\\\\n" +
         row(pose_columns(scores.mota)) + row(more) + "\\\\\n";
}

}  // namespace vremd::eval
