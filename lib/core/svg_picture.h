// SPDX-License-Identifier: Apache-2.0
#pragma once

// Charts as SVG text: pictures that need no other file.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vremd {

// M. Okabe and K. Ito's colours, which also the colour-blind can tell apart: blue, vermilion,
// green, purple, orange, sky blue, black.
inline constexpr std::array kChartColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#e69f00", "#56b4e9", "#000000"};

// "stroke" attributes of a colour; `dashes` 0: a solid line, 1: dashed, 2: dotted.
std::string stroke(const char* colour, int dashes = 0);

std::string xml_escaped(std::string_view text);

// Coordinates are pixels from the upper left; texts are escaped. `style`: further attributes. The
// title is shown under the pointer.
class SvgPicture {
 public:
  SvgPicture(int width, int height, int font_size, std::string_view title);

  void text(double x, double y, const char* anchor, std::string_view words,
            const std::string& style = "");
  void turned_text(double x, double y, double degrees, const char* anchor, std::string_view words);
  void line(double x1, double y1, double x2, double y2, const std::string& style);
  void rectangle(double x, double y, double width, double height, const char* fill);
  // `name` is shown under the pointer. A single point becomes a small circle.
  void curve(const std::vector<std::pair<double, double>>& points, const std::string& style,
             std::string_view name);

  std::string finish() && { return std::move(svg_) + "</svg>\n"; }

 private:
  std::string svg_;
};

}  // namespace vremd
