// SPDX-License-Identifier: Apache-2.0
#include "measure/report.h"

#include <fmt/format.h>

#include <algorithm>

namespace vremd::bench {
namespace {

constexpr const char* kStyle =
    "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}"
    "th,td{border-bottom:1px solid #ddd;padding:.25em .8em;text-align:left}"
    "td.number{text-align:right;font-variant-numeric:tabular-nums}"
    "svg{max-width:100%;height:auto}.missed{color:#b00}";

std::string number(double value) { return fmt::format("{:.3g}", value); }

// "1.23 (1.20 to 1.25)": the median and the quartiles.
std::string text_of(const Spread& spread) {
  if (spread.low == spread.high) return number(spread.median);
  return fmt::format("{} ({} to {})", number(spread.median), number(spread.low),
                     number(spread.high));
}

struct Cells {
  std::string amount, ratio, target;
  bool missed = false;
};

Cells cells_of(const Figure& figure) {
  Cells cells;
  if (figure.amount) cells.amount = text_of(*figure.amount) + " " + figure.unit;
  if (figure.ratio) cells.ratio = text_of(*figure.ratio) + " × " + figure.to;
  if (figure.target) {
    cells.target = "≥ " + number(*figure.target);
    cells.missed = !figure.ratio || figure.ratio->median < *figure.target;
  }
  return cells;
}

Json json_of(const Spread& spread) {
  return {{"median", spread.median}, {"low", spread.low}, {"high", spread.high}};
}

}  // namespace

std::string Report::markdown() const {
  std::string text = "# vremd-bench\n\n| | |\n|---|---|\n";
  for (const auto& [name, value] : machine) text += fmt::format("| {} | {} |\n", name, value);
  for (const Section& section : sections) {
    text += fmt::format("\n## {}\n\n{}\n", section.title, section.about);
    if (!section.figures.empty()) {
      text += "\n| | measured | ratio, in the same rounds | target |\n|---|---|---|---|\n";
    }
    for (const Figure& figure : section.figures) {
      const Cells cells = cells_of(figure);
      text += fmt::format("| {} | {} | {} | {}{} |\n", figure.name, cells.amount, cells.ratio,
                          cells.target, cells.missed ? " **missed**" : "");
    }
    for (const auto& [chart, curves] : section.charts) {
      for (const ChartCurve& curve : curves) {
        text += fmt::format("\n{}, {} ({}):", chart.title, curve.name, chart.x_name);
        for (const auto& [x, y] : curve.points) {
          text += fmt::format(" {}: {};", number(x), number(y));
        }
        text.back() = '\n';
      }
    }
    for (const std::string& what : section.missing) text += "\nNot measured: " + what + "\n";
  }
  return text;
}

std::string Report::json_lines() const {
  Json first = {{"type", "machine"}};
  for (const auto& [name, value] : machine) first[name] = value;
  std::string lines = first.dump() + "\n";
  for (const Section& section : sections) {
    for (const Figure& figure : section.figures) {
      Json line = {{"type", "figure"}, {"section", section.title}, {"name", figure.name}};
      if (figure.amount) line["amount"] = json_of(*figure.amount);
      if (!figure.unit.empty()) line["unit"] = figure.unit;
      if (figure.ratio) line["ratio"] = json_of(*figure.ratio);
      if (!figure.to.empty()) line["to"] = figure.to;
      if (figure.target) line["target"] = *figure.target;
      lines += line.dump() + "\n";
    }
    for (const auto& [chart, curves] : section.charts) {
      for (const ChartCurve& curve : curves) {
        for (const auto& [x, y] : curve.points) {
          lines += Json{{"type", "point"},
                        {"section", section.title},
                        {"chart", chart.title},
                        {"curve", curve.name},
                        {"x", x},
                        {"y", y}}
                       .dump() +
                   "\n";
        }
      }
    }
    for (const std::string& what : section.missing) {
      lines += Json{{"type", "missing"}, {"section", section.title}, {"what", what}}.dump() + "\n";
    }
  }
  return lines;
}

std::string Report::html() const {
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<title>vremd-bench</title><style>{}</style></head><body>\n<h1>vremd-bench</h1>\n<table>\n",
      kStyle);
  for (const auto& [name, value] : machine) {
    page += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", xml_escaped(name), xml_escaped(value));
  }
  page += "</table>\n";
  for (const Section& section : sections) {
    page += fmt::format("<h2>{}</h2>\n<p>{}</p>\n", xml_escaped(section.title),
                        xml_escaped(section.about));
    if (!section.figures.empty()) {
      page +=
          "<table>\n<tr><th></th><th>measured</th><th>ratio, in the same rounds</th>"
          "<th>target</th></tr>\n";
      for (const Figure& figure : section.figures) {
        const Cells cells = cells_of(figure);
        page += fmt::format(
            "<tr{}><th>{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td>"
            "<td>{}</td></tr>\n",
            cells.missed ? " class=\"missed\"" : "", xml_escaped(figure.name),
            xml_escaped(cells.amount), xml_escaped(cells.ratio), xml_escaped(cells.target));
      }
      page += "</table>\n";
    }
    for (const auto& [chart, curves] : section.charts) page += svg_chart(chart, curves);
    for (const std::string& what : section.missing) {
      page += "<p class=\"missed\">Not measured: " + xml_escaped(what) + "</p>\n";
    }
  }
  return page + "</body></html>\n";
}

}  // namespace vremd::bench
