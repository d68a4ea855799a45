// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/ap_plots.h"

#include "core/svg_picture.h"
#include "eval/poseval/official_files.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace vremd::eval {
namespace {

// From head to foot, left and right together.
constexpr std::array<int, kPoseJoints> kOrder = [] {
  std::array<int, kPoseJoints> order = kPoseJointsDownward;
  order[0] = pose_joint("head_top");
  order[1] = pose_joint("nose");
  order[2] = pose_joint("head_bottom");
  return order;
}();

// Of kPoseColumns, in kChartColours.
constexpr std::array<int, 7> kColumnColours = {6, 4, 5, 2, 0, 1, 3};

const char* colour(int joint) {
  return kChartColours[kColumnColours[pose_column(kPoseJointNames[joint])]];
}

// Dashed for the right side.
std::string line_of(int joint) {
  return stroke(colour(joint), kPoseJointNames[joint].starts_with("right_") ? 1 : 0);
}

std::string name(int joint) {
  std::string name(kPoseJointNames[joint]);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

// The plot area inside the picture, in pixels.
struct Field {
  double x, y, w, h;
};

SvgPicture titled(int width, int height, const char* title) {
  SvgPicture svg(width, height, 13, title);
  svg.text(width / 2.0, 24, "middle", title);
  return svg;
}

// Horizontal lines at 0, 20 ... 100 with labels.
void draw_percent_grid(SvgPicture& svg, const Field& f) {
  for (int percent = 0; percent <= 100; percent += 20) {
    const double y = f.y + f.h * (1 - percent / 100.0);
    svg.line(f.x, y, f.x + f.w, y, stroke("#ccc"));
    svg.text(f.x - 8, y + 4, "end", std::to_string(percent));
  }
}

void draw_curve(SvgPicture& svg, const PrecisionRecall& points, const Field& f, int joint) {
  constexpr double kStep = 0.002;  // of recall: points closer together are skipped
  std::vector<std::pair<double, double>> drawn;
  double last = -1;
  for (std::size_t i = 0; i < points.recall.size(); ++i) {
    const double recall = points.recall[i];
    if (recall - last < kStep && i + 1 < points.recall.size()) continue;
    last = recall;
    drawn.emplace_back(f.x + f.w * recall, f.y + f.h * (1 - points.precision[i]));
  }
  svg.curve(drawn, line_of(joint), name(joint));
}

}  // namespace

std::string precision_recall_svg(const PoseSamples& samples, const PoseAp& scores) {
  const Field f{70, 45, 480, 400};
  SvgPicture svg = titled(760, 510, "Precision and recall of joints, PCKh@0.5");
  draw_percent_grid(svg, f);
  for (int percent = 0; percent <= 100; percent += 20) {
    svg.text(f.x + f.w * percent / 100, f.y + f.h + 20, "middle", std::to_string(percent));
  }
  svg.text(f.x + f.w / 2, f.y + f.h + 45, "middle", "recall / %");
  svg.turned_text(22, f.y + f.h / 2, -90, "middle", "precision / %");
  double y = f.y + 10;
  for (const int joint : kOrder) {
    if (!samples[joint].scores.empty() && samples[joint].truths > 0) {
      draw_curve(svg, precision_recall(samples[joint], samples[joint].truths), f, joint);
    }
    svg.line(570, y - 4, 590, y - 4, line_of(joint) + " stroke-width=\"3\"");
    svg.text(598, y, "start", name(joint));
    svg.text(745, y, "end", one_decimal(scores.ap[joint]));
    y += 25;
  }
  svg.text(598, y, "start", "mean AP");
  svg.text(745, y, "end", one_decimal(scores.ap.back()));
  return std::move(svg).finish();
}

std::string ap_bars_svg(const PoseAp& scores) {
  const Field f{60, 45, 780, 300};
  const double step = f.w / (kPoseJoints + 1);
  SvgPicture svg = titled(860, 460, "Average precision of joints, PCKh@0.5");
  draw_percent_grid(svg, f);
  const auto bar = [&](int place, double value, const char* fill, const std::string& label) {
    const double x = f.x + step * place, h = std::isnan(value) ? 0 : f.h * value / 100;
    svg.rectangle(x + step * 0.15, f.y + f.h - h, step * 0.7, h, fill);
    svg.text(x + step / 2, f.y + f.h - h - 5, "middle", one_decimal(value));
    svg.turned_text(x + step / 2 + 4, f.y + f.h + 16, -45, "end", label);
  };
  for (int i = 0; i < kPoseJoints; ++i) {
    bar(i, scores.ap[kOrder[i]], colour(kOrder[i]), name(kOrder[i]));
  }
  bar(kPoseJoints, scores.ap.back(), "#777", "total");
  return std::move(svg).finish();
}

}  // namespace vremd::eval
