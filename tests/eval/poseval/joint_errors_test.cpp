// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/pose_errors.h"

#include "eval/poseval/ap_plots.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

using namespace vremd;
using namespace vremd::eval;

namespace {

// A person with joint i at (x[i], 0), absent if NaN.
ScoredPose pose(std::initializer_list<double> x, double head_size = 10, double visible = 1) {
  ScoredPose result;
  result.head_size = head_size;
  int i = 0;
  for (const double one : x) {
    result.has[i] = !std::isnan(one);
    result.x[i] = one;
    result.visible[i++] = visible;
  }
  return result;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t i = text.find(part); i != std::string::npos; i = text.find(part, i + 1)) ++times;
  return times;
}

}  // namespace

TEST_CASE("each wrong joint has one reason") {
  ScoredFrame frame;
  frame.truth = {pose({0, 100, 200, NAN}), pose({1000, 1100, 1200, 1300})};
  frame.predicted = {
      pose({0, 100, 1201, 300}),  // 2: the other person's, 3: not annotated
      pose({2, 150, NAN, 1304}),  // worse for the first person; 1: nobody's, 3: the other person's
      pose({1000, 1100, 1240, NAN})};  // 2: too far
  PoseErrors errors;
  errors.add(frame);
  using Row = std::array<std::int64_t, kWrongJoints>;
  // duplicate, wrong person, unannotated, inexact, background
  CHECK(errors.wrong[0] == Row{1, 0, 0, 0, 0});
  CHECK(errors.wrong[1] == Row{0, 0, 0, 0, 1});
  CHECK(errors.wrong[2] == Row{0, 1, 0, 1, 0});
  CHECK(errors.wrong[3] == Row{1, 0, 1, 0, 0});

  PoseSamples samples;
  add_samples(frame, samples);
  for (int i = 0; i < kPoseJoints; ++i) {
    std::int64_t sum = 0;
    for (const std::int64_t number : errors.wrong[i]) sum += number;
    CHECK(sum == std::count(samples[i].right.begin(), samples[i].right.end(), 0));
  }
}

TEST_CASE("joints found by head size and visibility") {
  ScoredFrame frame;
  frame.truth = {pose({0, 50}, 19.9), pose({500, 550}, 20, 0), pose({1500}, 80)};
  frame.predicted = {pose({0, 90}), pose({500, 550})};
  PoseErrors errors;
  errors.add(frame);
  CHECK(errors.by_head_size[0].of == 2);
  CHECK(errors.by_head_size[0].percent() == 50);
  CHECK(errors.by_head_size[1].percent() == 100);
  CHECK(std::isnan(errors.by_head_size[2].percent()));
  CHECK(errors.by_head_size[3] == Share{1, 0});
  CHECK(errors.by_visibility[0].count == 2);
  CHECK(errors.by_visibility[1] == Share{3, 1});
  PoseErrors sum = errors;
  sum.add(errors);
  CHECK(sum.by_visibility[1].of == 6);
}

TEST_CASE("plots have a curve for each scored joint, and a bar for every joint") {
  ScoredFrame frame;
  frame.truth = {pose({0, 50})};
  frame.predicted = {pose({0, 90, 70})};
  PoseSamples samples;
  add_samples(frame, samples);
  const PoseAp scores = pose_ap(samples);
  const std::string curves = precision_recall_svg(samples, scores);
  CHECK(curves.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(curves.ends_with("</svg>\n"));
  CHECK(count(curves, "<polyline") == 2);                            // the third is not annotated
  CHECK(curves.find("points=\"550.0,45.0\"") != std::string::npos);  // recall and precision 1
  CHECK(curves.find("points=\"70.0,445.0\"") != std::string::npos);  // both 0
  CHECK(curves.find(">nan<") != std::string::npos);
  const std::string bars = ap_bars_svg(scores);
  CHECK(count(bars, "<rect") == 1 + kPoseJoints + 1);
  CHECK(count(bars, "height=\"300.0\"") == 1);
  CHECK(bars.find(">7.1<") != std::string::npos);  // 100 / 14
}
