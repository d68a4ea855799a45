// SPDX-License-Identifier: Apache-2.0
#include "train/report.h"

#include "core/error.h"
#include "core/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>

namespace vremd::train {
namespace {

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

// The values at `place` (a JSON pointer) over `x`, if both are numbers.
ChartCurve curve_of(const std::vector<Json>& metrics, const char* x, const char* place) {
  ChartCurve curve{place + 1, {}};
  const Json::json_pointer to_y(place);
  for (const Json& line : metrics) {
    if (line.contains(x) && line.contains(to_y) && line[x].is_number() && line[to_y].is_number()) {
      curve.points.emplace_back(line[x].get<double>(), line[to_y].get<double>());
    }
  }
  return curve;
}

std::vector<ChartCurve> joint_curves(const std::vector<Json>& metrics, const char* group) {
  std::map<std::string, ChartCurve> curves;
  for (const Json& line : metrics) {
    if (!line.contains("epoch") || !line.contains(group)) continue;
    for (const auto& [joint, value] : line[group].items()) {
      curves[joint].name = joint;
      if (value.is_number()) {
        curves[joint].points.emplace_back(line["epoch"].get<double>(), value.get<double>());
      }
    }
  }
  std::vector<ChartCurve> result;
  for (auto& [joint, curve] : curves) result.push_back(std::move(curve));
  return result;
}

// The epoch of the best score; null: none has one.
const Json* best_epoch(const std::vector<Json>& metrics, const std::string& score) {
  const Json* best = nullptr;
  for (const Json& line : metrics) {
    if (!line.contains("epoch") || !line.contains(score) || !line[score].is_number()) continue;
    if (!best || line[score].get<double>() > (*best)[score].get<double>()) best = &line;
  }
  return best;
}

std::string number_text(const Json& value) {
  return value.is_number_float() ? fmt::format("{:.4g}", value.get<double>()) : value.dump();
}

std::string summary(const Report& report, const Json* best) {
  std::string rows;
  const auto row = [&](const char* name, const std::string& value) {
    rows += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", name, xml_escaped(value));
  };
  const std::string& score = report.score;
  const auto score_of = [&](const Json& line) {
    return fmt::format("{} {}", score == "ap" ? "AP" : "PCK@0.2", number_text(line[score]));
  };
  if (best) {
    row("best", fmt::format("{}, epoch {}", score_of(*best), number_text((*best)["epoch"])));
  }
  for (const Json& line : report.metrics) {
    if (line.value("epoch", -1.0) == 0 && line.contains(score))
      row("before training", score_of(line));
  }
  const auto last = [&](const char* key) -> const Json* {
    const auto found = std::find_if(report.metrics.rbegin(), report.metrics.rend(),
                                    [&](const Json& line) { return line.contains(key); });
    return found == report.metrics.rend() ? nullptr : &*found;
  };
  if (const Json* line = last("epoch"); line && line->contains(score)) {
    row("last", fmt::format("{}, epoch {}", score_of(*line), number_text((*line)["epoch"])));
  }
  if (const Json* line = last("loss")) {
    row("loss", fmt::format("{} after {} steps", number_text((*line)["loss"]),
                            number_text((*line)["step"])));
  }
  if (const Json* line = last("rate")) {
    row("speed", fmt::format("{:.3g} persons/s", (*line)["rate"].get<double>()));
  }
  for (const auto& [name, value] : report.facts) row(name.c_str(), value);
  return rows.empty() ? "" : "<table>\n" + rows + "</table>\n";
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

std::string html_report(const Report& report) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>\n"
      "<style>body {{ font-family: sans-serif; max-width: 1600px; margin: 2em auto; padding: 0 1em "
      "}}\n"
      "svg, img {{ max-width: 100%; height: auto }} th {{ text-align: left; padding-right: 2em }}\n"
      "div {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 600px), "
      "1fr)) }}\n"
      "</style></head><body>\n<h1>{0}</h1>\n",
      xml_escaped(report.title));
  const std::vector<Json>& metrics = report.metrics;
  const Json* best = best_epoch(metrics, report.score);
  html += summary(report, best);

  // Scores that differ by less than two points look the same.
  const auto scores = [&](const char* title, double range, const std::vector<ChartCurve>& curves) {
    SvgChart options{title, "epoch", range};
    if (best) options.best = (*best)["epoch"].get<double>();
    return svg_chart(options, curves);
  };
  const std::string validation =
      scores("PCK@0.2 of the torso, 12 body joints", 0.02, {curve_of(metrics, "epoch", "/pck")}) +
      scores("PoseTrack AP", 2, {curve_of(metrics, "epoch", "/ap")}) +
      scores("PCK@0.2 of each joint", 0.02, joint_curves(metrics, "joints")) +
      scores("PoseTrack AP of each joint", 2, joint_curves(metrics, "joint_ap"));
  if (!validation.empty()) html += "<h2>Validation</h2>\n<div>\n" + validation + "</div>\n";
  if (!report.png.empty()) {
    html += fmt::format("<h2>{0}</h2>\n<img alt=\"{0}\" src=\"data:image/png;base64,{1}\">\n",
                        xml_escaped(report.caption), base64(report.png));
  }

  std::string training;
  const auto add = [&](const char* title, const char* place) {
    training += svg_chart({title, "step"}, {curve_of(metrics, "step", place)});
  };
  add("loss", "/loss");
  add("learning rate", "/lr");
  add("gradient norm before clipping", "/norm");
  add("persons per second", "/rate");
  add("share of time spent waiting for data", "/wait");
  add("Mask_k: effective number of tokens", "/mask/effective");
  add("Mask_k: log of the largest weight", "/mask/log_largest");
  if (!training.empty()) html += "<h2>Training</h2>\n<div>\n" + training + "</div>\n";
  if (!report.config.empty()) {
    html += "<details><summary>config.json</summary><pre>" + xml_escaped(report.config) +
            "</pre></details>\n";
  }
  return html + "</body></html>\n";
}

}  // namespace vremd::train
