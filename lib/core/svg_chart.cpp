// SPDX-License-Identifier: Apache-2.0
#include "core/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vremd {
namespace {

// 1, 2 or 5 times a power of ten: about `count` of them fit into `range`.
double tick_step(double range, int count) {
  const double rough = range / count, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::string svg_chart(const SvgChart& options, const std::vector<ChartCurve>& curves) {
  constexpr int kWidth = 760, kHeight = 300, kLeft = 70, kTop = 36, kBottom = 44;
  const int right = curves.size() > 1 ? 190 : 24;  // names of the curves
  double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
  for (const ChartCurve& curve : curves) {
    for (const auto& [x, y] : curve.points) {
      x_low = std::min(x_low, x);
      x_high = std::max(x_high, x);
      y_low = std::min(y_low, y);
      y_high = std::max(y_high, y);
    }
  }
  if (!(x_low <= x_high)) return "";
  if (x_low == x_high) x_high += 1;
  if (y_low == y_high) {
    y_low -= 0.5 * std::abs(y_low) + 1e-9;
    y_high += 0.5 * std::abs(y_high) + 1e-9;
  }
  if (const double lacking = options.least_range - (y_high - y_low); lacking > 0) {
    y_low -= lacking / 2;
    y_high += lacking / 2;
  }
  const double w = kWidth - kLeft - right, h = kHeight - kTop - kBottom;
  const auto px = [&](double x) { return kLeft + w * (x - x_low) / (x_high - x_low); };
  const auto py = [&](double y) { return kTop + h * (y_high - y) / (y_high - y_low); };
  const auto number = [](double value) { return fmt::format("{:.4g}", value); };
  SvgPicture svg(kWidth, kHeight, 12, options.title);
  svg.text(kLeft, 20, "start", options.title, "font-size=\"14\"");
  const double y_step = tick_step(y_high - y_low, 5);
  for (double y = std::ceil(y_low / y_step) * y_step; y <= y_high + 1e-9 * y_step; y += y_step) {
    svg.line(kLeft, py(y), kLeft + w, py(y), stroke("#ddd"));
    svg.text(kLeft - 6, py(y) + 4, "end", number(std::abs(y) < 1e-9 * y_step ? 0 : y));
  }
  const double x_step = tick_step(x_high - x_low, 6);
  for (double x = std::ceil(x_low / x_step) * x_step; x <= x_high + 1e-9 * x_step; x += x_step) {
    svg.text(px(x), kTop + h + 18, "middle", number(x));
  }
  svg.text(kLeft + w / 2, kHeight - 8, "middle", options.x_name);
  if (options.best) {
    svg.line(px(*options.best), kTop, px(*options.best), kTop + h, stroke("#888", 1));
    const bool at_right = px(*options.best) > kLeft + w / 2;
    svg.text(px(*options.best) + (at_right ? -4 : 4), kTop + h - 6, at_right ? "end" : "start",
             "best");
  }
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const ChartCurve& curve = curves[i];
    if (curve.points.empty()) continue;
    const std::string style =
        stroke(kChartColours[i % kChartColours.size()], std::min<int>(2, i / kChartColours.size()));
    std::vector<std::pair<double, double>> points;
    for (const auto& [x, y] : curve.points) points.emplace_back(px(x), py(y));
    svg.curve(points, style, curve.name);
    if (curves.size() == 1) continue;
    const double y = kTop + 8 + 14 * static_cast<double>(i);
    svg.line(kLeft + w + 12, y, kLeft + w + 32, y, "stroke-width=\"2\" " + style);
    svg.text(kLeft + w + 38, y + 4, "start",
             fmt::format("{} {:.3g}", curve.name, curve.points.back().second));
  }
  return std::move(svg).finish();
}

}  // namespace vremd
