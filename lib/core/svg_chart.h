// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/svg_picture.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vremd {

struct ChartCurve {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x, y
};

struct SvgChart {
  std::string title, x_name;
  double least_range = 0;        // of the y axis: what differs by less shall not look important
  std::optional<double> best{};  // x that is marked
};

// A chart with one or more curves, as an SVG file of 760 x 300 pixels. Several curves are named,
// each with its last value. "": there are no points.
std::string svg_chart(const SvgChart& options, const std::vector<ChartCurve>& curves);

}  // namespace vremd
