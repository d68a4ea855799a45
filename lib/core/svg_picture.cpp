// SPDX-License-Identifier: Apache-2.0
#include "core/svg_picture.h"

#include <fmt/core.h>

namespace vremd {

std::string stroke(const char* colour, int dashes) {
  constexpr std::array kDashes = {"", " stroke-dasharray=\"5 3\"", " stroke-dasharray=\"1 3\""};
  return fmt::format("stroke=\"{}\"{}", colour, kDashes[dashes]);
}

std::string xml_escaped(std::string_view text) {
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

SvgPicture::SvgPicture(int width, int height, int font_size, std::string_view title)
    : svg_(fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
                       "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"{2}\">\n"
                       "<title>{3}</title>\n"
                       "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
                       width, height, font_size, xml_escaped(title))) {}

void SvgPicture::text(double x, double y, const char* anchor, std::string_view words,
                      const std::string& style) {
  svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}{}>{}</text>\n", x, y,
                      anchor, style.empty() ? "" : " ", style, xml_escaped(words));
}

void SvgPicture::turned_text(double x, double y, double degrees, const char* anchor,
                             std::string_view words) {
  svg_ += fmt::format(
      "<text transform=\"translate({:.1f} {:.1f}) rotate({})\" "
      "text-anchor=\"{}\">{}</text>\n",
      x, y, degrees, anchor, xml_escaped(words));
}

void SvgPicture::line(double x1, double y1, double x2, double y2, const std::string& style) {
  svg_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1,
                      y1, x2, y2, style);
}

void SvgPicture::rectangle(double x, double y, double width, double height, const char* fill) {
  svg_ += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "fill=\"{}\"/>\n",
      x, y, width, height, fill);
}

void SvgPicture::curve(const std::vector<std::pair<double, double>>& points,
                       const std::string& style, std::string_view name) {
  std::string list;
  for (const auto& [x, y] : points) list += fmt::format("{:.1f},{:.1f} ", x, y);
  if (!list.empty()) list.pop_back();
  svg_ += fmt::format(
      "<polyline fill=\"none\" stroke-width=\"1.5\" {} points=\"{}\">"
      "<title>{}</title></polyline>\n",
      style, list, xml_escaped(name));
  if (points.size() != 1) return;
  svg_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"none\" {}/>\n",
                      points[0].first, points[0].second, style);
}

}  // namespace vremd
