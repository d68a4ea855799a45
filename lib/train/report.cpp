// SPDX-License-Identifier: Apache-2.0
#include "train/report.h"

#include "core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>

namespace vremd {
namespace {

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

// M. Okabe and K. Ito's colours, which also the colour-blind can tell apart; then dashed.
constexpr std::array<const char*, 7> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#000000"};

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '&': result += "&amp;"; break;
      default: result += c;
    }
  }
  return result;
}

// 1, 2 or 5 times a power of ten: about `count` of them fit into `range`.
double tick_step(double range, int count) {
  const double rough = range / count, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

std::string chart(const std::string& title, const std::string& x_name,
                  const std::vector<Curve>& curves) {
  constexpr double kWidth = 760, kHeight = 300, kLeft = 70, kTop = 36, kRight = 190, kBottom = 44;
  double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
  for (const Curve& curve : curves) {
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
  const double w = kWidth - kLeft - kRight, h = kHeight - kTop - kBottom;
  const auto px = [&](double x) { return kLeft + w * (x - x_low) / (x_high - x_low); };
  const auto py = [&](double y) { return kTop + h * (y_high - y) / (y_high - y_low); };
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\" font-family=\"sans-serif\" font-size=\"12\">\n<text x=\"{2}\" y=\"20\" "
      "font-size=\"14\">{3}</text>\n",
      kWidth, kHeight, kLeft, escaped(title));
  const double y_step = tick_step(y_high - y_low, 5);
  for (double y = std::ceil(y_low / y_step) * y_step; y <= y_high + 1e-9 * y_step; y += y_step) {
    svg += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" "
                       "stroke=\"#ddd\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
                       "text-anchor=\"end\">{:.4g}</text>\n",
                       kLeft, kLeft + w, py(y), py(y), kLeft - 6, py(y) + 4,
                       std::abs(y) < 1e-9 * y_step ? 0 : y);
  }
  const double x_step = tick_step(x_high - x_low, 6);
  for (double x = std::ceil(x_low / x_step) * x_step; x <= x_high + 1e-9 * x_step; x += x_step) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:.4g}</text>\n",
                       px(x), kTop + h + 18, x);
  }
  svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                     kLeft + w / 2, kHeight - 8, escaped(x_name));
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Curve& curve = curves[i];
    if (curve.points.empty()) continue;
    const std::string style = fmt::format(
        "stroke=\"{}\"{}", kColours[i % kColours.size()],
        i < kColours.size() ? "" : i < 2 * kColours.size() ? " stroke-dasharray=\"5 3\""
                                                           : " stroke-dasharray=\"1 3\"");
    svg += fmt::format("<polyline fill=\"none\" stroke-width=\"1.5\" {} points=\"", style);
    for (const auto& [x, y] : curve.points) svg += fmt::format("{:.1f},{:.1f} ", px(x), py(y));
    svg += fmt::format("\"><title>{}</title></polyline>\n", escaped(curve.name));
    if (curve.points.size() == 1) {
      svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"none\" {}/>\n",
                         px(curve.points[0].first), py(curve.points[0].second), style);
    }
    if (curves.size() == 1) continue;
    const double y = kTop + 8 + 14 * static_cast<double>(i);
    svg += fmt::format("<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" "
                       "stroke-width=\"2\" {3}/><text x=\"{4:.1f}\" y=\"{5:.1f}\">{6} {7:.3g}"
                       "</text>\n",
                       kLeft + w + 12, kLeft + w + 32, y, style, kLeft + w + 38, y + 4,
                       escaped(curve.name), curve.points.back().second);
  }
  return svg + "</svg>\n";
}

std::string base64(const std::string& bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

// The values at `place` ("/key", "/key/key in it") over `x`, where both are numbers.
Curve curve_of(const std::vector<Json>& metrics, const char* x, const char* place) {
  Curve curve{place + 1, {}};
  const Json::json_pointer to_y(place);
  for (const Json& line : metrics) {
    if (line.contains(x) && line.contains(to_y) && line[x].is_number() && line[to_y].is_number()) {
      curve.points.emplace_back(line[x].get<double>(), line[to_y].get<double>());
    }
  }
  return curve;
}

std::vector<Curve> joint_curves(const std::vector<Json>& metrics, const char* group) {
  std::map<std::string, Curve> curves;
  for (const Json& line : metrics) {
    if (!line.contains("epoch") || !line.contains(group)) continue;
    for (const auto& [joint, value] : line[group].items()) {
      curves[joint].name = joint;
      if (value.is_number()) {
        curves[joint].points.emplace_back(line["epoch"].get<double>(), value.get<double>());
      }
    }
  }
  std::vector<Curve> result;
  for (auto& [joint, curve] : curves) result.push_back(std::move(curve));
  return result;
}

}  // namespace

std::vector<Json> read_metrics(const std::string& path) {
  std::ifstream in(path);
  if (!in) fail("{}: cannot open", path);
  std::vector<Json> lines;
  for (std::string line; std::getline(in, line);) {
    Json json = Json::parse(line, nullptr, false);
    if (json.is_object()) lines.push_back(std::move(json));
  }
  return lines;
}

std::string html_report(const std::string& title, const std::vector<Json>& metrics,
                        const std::string& png, const std::string& caption) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>\n"
      "<style>body {{ font-family: sans-serif; max-width: 1000px; margin: 2em auto; }} svg, img "
      "{{ max-width: 100%; height: auto; }}</style></head><body>\n<h1>{0}</h1>\n",
      escaped(title));
  html += chart("loss", "step", {curve_of(metrics, "step", "/loss")});
  html += chart("norm of the gradient, before clipping", "step",
                {curve_of(metrics, "step", "/norm")});
  html += chart("learning rate", "step", {curve_of(metrics, "step", "/lr")});
  html += chart("persons per second", "step", {curve_of(metrics, "step", "/rate")});
  html += chart("share of time that workers waited for data", "step",
                {curve_of(metrics, "step", "/wait")});
  html += chart("Mask_k: tokens that it looks at", "step",
                {curve_of(metrics, "step", "/mask/effective")});
  html += chart("Mask_k: log of its largest value", "step",
                {curve_of(metrics, "step", "/mask/log_largest")});
  html += chart("validation: PCK@0.2 of the torso, 12 body joints", "epoch",
                {curve_of(metrics, "epoch", "/pck")});
  html += chart("validation: PCK@0.2 of each joint", "epoch", joint_curves(metrics, "joints"));
  html += chart("validation: PoseTrack AP", "epoch", {curve_of(metrics, "epoch", "/ap")});
  html += chart("validation: PoseTrack AP of each joint", "epoch",
                joint_curves(metrics, "joint_ap"));
  if (!png.empty()) {
    html += fmt::format("<h2>{0}</h2>\n<img alt=\"{0}\" src=\"data:image/png;base64,{1}\">\n",
                        escaped(caption), base64(png));
  }
  return html + "</body></html>\n";
}

}  // namespace vremd
