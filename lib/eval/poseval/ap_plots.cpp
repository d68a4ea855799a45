// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/ap_plots.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace vremd {
namespace {

// From head to foot, left and right together.
constexpr std::array<int, kPoseJoints> kOrder = [] {
  std::array<int, kPoseJoints> order = kPoseJointsDownward;
  order[0] = pose_joint("head_top");
  order[1] = pose_joint("nose");
  order[2] = pose_joint("head_bottom");
  return order;
}();

// M. Okabe and K. Ito's colours, which also the colour-blind can tell apart: of kPoseColumns.
constexpr std::array<const char*, 7> kColours = {"#000000", "#e69f00", "#56b4e9", "#009e73",
                                                 "#0072b2", "#d55e00", "#cc79a7"};

const char* colour(int joint) { return kColours[pose_column(kPoseJointNames[joint])]; }

// Those of the right side are dashed.
const char* dashes(int joint) {
  return kPoseJointNames[joint].starts_with("right_") ? " stroke-dasharray=\"5 3\"" : "";
}

std::string name(int joint) {
  std::string name(kPoseJointNames[joint]);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string number(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:.1f}", value);
}

// The plot's field inside of the picture, in pixels.
struct Field {
  double x, y, w, h;
};

std::string text(double x, double y, const char* anchor, const std::string& words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     words);
}

std::string head(int width, int height, const char* title) {
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
             "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"13\">\n"
             "<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
             width, height, title) +
         text(width / 2.0, 24, "middle", title);
}

// Horizontal lines at 0, 20 ... 100, with their numbers.
std::string percent_grid(const Field& f) {
  std::string svg;
  for (int percent = 0; percent <= 100; percent += 20) {
    const double y = f.y + f.h * (1 - percent / 100.0);
    svg += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ccc\"/>\n", f.x, y,
        f.x + f.w, y);
    svg += text(f.x - 8, y + 4, "end", std::to_string(percent));
  }
  return svg;
}

std::string curve(const PrecisionRecall& points, const Field& f, int joint) {
  constexpr double kStep = 0.002;  // of recall: what is closer together is left out
  std::string svg =
      fmt::format("<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"{}\"{} points=\"",
                  colour(joint), dashes(joint));
  double last = -1;
  for (std::size_t i = 0; i < points.recall.size(); ++i) {
    const double recall = points.recall[i];
    if (recall - last < kStep && i + 1 < points.recall.size()) continue;
    last = recall;
    svg += fmt::format("{:.1f},{:.1f} ", f.x + f.w * recall, f.y + f.h * (1 - points.precision[i]));
  }
  svg.back() = '"';
  return svg + fmt::format("><title>{}</title></polyline>\n", name(joint));
}

}  // namespace

std::string precision_recall_svg(const PoseSamples& samples, const PoseAp& scores) {
  const Field f{70, 45, 480, 400};
  std::string svg = head(760, 510, "Precision and recall of joints, PCKh@0.5") + percent_grid(f);
  for (int percent = 0; percent <= 100; percent += 20) {
    svg += text(f.x + f.w * percent / 100, f.y + f.h + 20, "middle", std::to_string(percent));
  }
  svg += text(f.x + f.w / 2, f.y + f.h + 45, "middle", "recall / %");
  svg += fmt::format("<text transform=\"translate(22 {:.1f}) rotate(-90)\" text-anchor=\"middle\">"
                     "precision / %</text>\n",
                     f.y + f.h / 2);
  double y = f.y + 10;
  for (const int joint : kOrder) {
    if (!samples[joint].scores.empty() && samples[joint].truths > 0) {
      svg += curve(precision_recall(samples[joint], samples[joint].truths), f, joint);
    }
    svg += fmt::format("<line x1=\"570\" y1=\"{0:.1f}\" x2=\"590\" y2=\"{0:.1f}\" stroke=\"{1}\" "
                       "stroke-width=\"3\"{2}/>\n",
                       y - 4, colour(joint), dashes(joint));
    svg += text(598, y, "start", name(joint)) + text(745, y, "end", number(scores.ap[joint]));
    y += 25;
  }
  svg += text(598, y, "start", "mean AP") + text(745, y, "end", number(scores.ap.back()));
  return svg + "</svg>\n";
}

std::string ap_bars_svg(const PoseAp& scores) {
  const Field f{60, 45, 780, 300};
  const double step = f.w / (kPoseJoints + 1);
  std::string svg = head(860, 460, "Average precision of joints, PCKh@0.5") + percent_grid(f);
  const auto bar = [&](int place, double value, const char* fill, const std::string& label) {
    const double x = f.x + step * place, h = std::isnan(value) ? 0 : f.h * value / 100;
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                       "fill=\"{}\"/>\n",
                       x + step * 0.15, f.y + f.h - h, step * 0.7, h, fill);
    svg += text(x + step / 2, f.y + f.h - h - 5, "middle", number(value));
    svg += fmt::format("<text transform=\"translate({:.1f} {:.1f}) rotate(-45)\" "
                       "text-anchor=\"end\">{}</text>\n",
                       x + step / 2 + 4, f.y + f.h + 16, label);
  };
  for (int i = 0; i < kPoseJoints; ++i) {
    bar(i, scores.ap[kOrder[i]], colour(kOrder[i]), name(kOrder[i]));
  }
  bar(kPoseJoints, scores.ap.back(), "#777", "total");
  return svg + "</svg>\n";
}

}  // namespace vremd
