// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval_report.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace vremd {
namespace {

using Arrays = std::vector<std::pair<const char*, const JointValues*>>;

// In the order of the official file, with its name for the joint that the data call head_bottom.
constexpr char kNames[] =
    R"("names": {"0": "right_ankle", "1": "right_knee", "2": "right_hip", "8": "right_shoulder", )"
    R"("7": "right_elbow", "6": "right_wrist", "5": "left_ankle", "4": "left_knee", )"
    R"("3": "left_hip", "9": "left_shoulder", "10": "left_elbow", "11": "left_wrist", )"
    R"("12": "neck", "13": "nose", "14": "head_top", "15": "total"})";

std::string official_json(const Arrays& arrays, std::string_view nan) {
  std::string text = "{";
  for (const auto& [name, values] : arrays) {
    text += fmt::format("\"{}\": [", name);
    for (std::size_t i = 0; i < values->size(); ++i) {
      text += (i ? ", " : "") + python_number((*values)[i], nan);
    }
    text += "], ";
  }
  return text + kNames + "}";
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
  return official_json({{"mota", &scores.mota},
                        {"motp", &scores.motp},
                        {"pre", &scores.pre},
                        {"rec", &scores.rec}},
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

}  // namespace vremd
