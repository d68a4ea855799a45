// SPDX-License-Identifier: Apache-2.0
#pragma once

// Charts as self-contained SVG files.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vremd {

// The colour-blind safe palette of M. Okabe and K. Ito: blue, vermilion, green, purple, orange, sky
// blue, black.
inline constexpr std::array kChartColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#e69f00", "#56b4e9", "#000000"};

// The stroke attributes of a line; `dashes` 0: solid, 1: dashed, 2: dotted.
std::string stroke(const char* colour, int dashes = 0);

std::string xml_escaped(std::string_view text);

// Coordinates are pixels from the upper left; text is escaped. `style` is additional attributes.
// The title is a tooltip.
class SvgPicture {
 public:
  SvgPicture(int width, int height, int font_size, std::string_view title);

  void text(double x, double y, const char* anchor, std::string_view words,
            const std::string& style = "");
  void turned_text(double x, double y, double degrees, const char* anchor, std::string_view words);
  void line(double x1, double y1, double x2, double y2, const std::string& style);
  void rectangle(double x, double y, double width, double height, const char* fill);
  // `name` is a tooltip. A single point is drawn as a small circle.
  void curve(const std::vector<std::pair<double, double>>& points, const std::string& style,
             std::string_view name);

  std::string finish() && { return std::move(svg_) + "</svg>\n"; }

 private:
  std::string svg_;
};

}  // namespace vremd
