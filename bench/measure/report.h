// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/svg_chart.h"
#include "io/json.h"
#include "measure/timing.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vremd::bench {

// A figure of the report: what was measured, and its ratio to something measured in the same
// rounds.
struct Figure {
  std::string name;
  std::optional<Spread> amount;  // in `unit`
  std::string unit;
  std::optional<Spread> ratio;
  std::string to;                // what the ratio is to
  std::optional<double> target;  // the least ratio that is wanted
};

struct Section {
  std::string title, about;
  std::vector<Figure> figures{};
  std::vector<std::pair<SvgChart, std::vector<ChartCurve>>> charts{};
  std::vector<std::string> missing{};  // what could not be measured, and why
};

struct Report {
  std::vector<std::pair<std::string, std::string>> machine;
  std::vector<Section> sections;

  std::string markdown() const;
  std::string json_lines() const;  // an object for the machine, then one for each figure or point
  std::string html() const;        // self-contained
};

}  // namespace vremd::bench
