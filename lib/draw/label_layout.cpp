// SPDX-License-Identifier: Apache-2.0
#include "draw/label_layout.h"

#include <algorithm>
#include <array>

namespace vremd::draw {
namespace {

bool touches_any(const Box& place, const std::vector<Box>& others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const Box& other) { return intersection(place, other) > 0; });
}

bool inside(const Box& b, Size canvas) {
  return b.x >= 0 && b.y >= 0 && b.x + b.w <= canvas.width && b.y + b.h <= canvas.height;
}

}  // namespace

std::vector<std::optional<Box>> place_labels(const std::vector<LabelWish>& wishes,
                                             const std::vector<Box>& keep_free, Size canvas) {
  std::vector<std::optional<Box>> places;
  std::vector<Box> taken;
  for (const LabelWish& wish : wishes) {
    const Box& p = wish.person;
    const double w = wish.width, h = wish.height;
    const double right = p.x + p.w - w, middle = p.x + (p.w - w) / 2, bottom = p.y + p.h;
    const double left = w > p.w ? middle : p.x;
    const std::array<Box, 7> candidates = {
        Box{left, p.y - h, w, h},      Box{right, p.y - h, w, h},  // above
        Box{left, bottom, w, h},       Box{right, bottom, w, h},   // below
        Box{middle, bottom - h, w, h},                             // at the feet
        Box{p.x + p.w, p.y, w, h},     Box{p.x - w, p.y, w, h}};   // beside
    std::optional<Box> place;
    for (Box candidate : candidates) {
      // The label stays inside the picture horizontally, even if its box does not.
      candidate.x = std::clamp(candidate.x, 0.0, std::max(0.0, canvas.width - w));
      if (!inside(candidate, canvas) || touches_any(candidate, keep_free) ||
          touches_any(candidate, taken)) {
        continue;
      }
      place = candidate;
      taken.push_back(candidate);
      break;
    }
    places.push_back(place);
  }
  return places;
}

Box place_corner_label(double width, double height, double margin, const std::vector<Box>& faces,
                       Size canvas) {
  const double right = canvas.width - margin - width, bottom = canvas.height - margin - height;
  const std::array<Box, 4> corners = {
      Box{margin, bottom, width, height}, Box{right, bottom, width, height},
      Box{margin, margin, width, height}, Box{right, margin, width, height}};
  for (const Box& corner : corners) {
    if (!touches_any(corner, faces)) return corner;
  }
  return corners[0];
}

}  // namespace vremd::draw
