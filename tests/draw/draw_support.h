// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/canvas.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>

namespace vremd::test {

struct Rgb {
  int r = 0, g = 0, b = 0;
  friend bool operator==(const Rgb&, const Rgb&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Rgb& c) {
    return out << c.r << ' ' << c.g << ' ' << c.b;
  }
};

inline Rgb pixel(const Frame& frame, int x, int y) {
  const std::uint8_t* p = frame.row(y) + 3 * x;
  return {p[0], p[1], p[2]};
}

inline Rgb rgb_of(draw::Colour c) {
  const auto byte = [](double v) { return static_cast<int>(std::lround(255 * v)); };
  return {byte(c.r), byte(c.g), byte(c.b)};
}

inline bool close(Rgb a, Rgb b, int tolerance) {
  return std::abs(a.r - b.r) <= tolerance && std::abs(a.g - b.g) <= tolerance &&
         std::abs(a.b - b.b) <= tolerance;
}

inline Frame pixels_of(const draw::Canvas& canvas) {
  Frame frame;
  canvas.store(frame);
  return frame;
}

inline Frame noise_frame(int width, int height) {
  Frame frame;
  frame.width = width;
  frame.height = height;
  std::uint32_t state = 12345;
  for (int i = 0; i < width * height * 3; ++i) {
    state = state * 1664525u + 1013904223u;
    frame.rgb.push_back(static_cast<std::uint8_t>(state >> 24));
  }
  return frame;
}

inline Frame plain_frame(int width, int height, std::uint8_t grey) {
  Frame frame;
  frame.width = width;
  frame.height = height;
  frame.rgb.assign(static_cast<std::size_t>(width) * height * 3, grey);
  return frame;
}

// The smallest box around the pixels that differ; empty if none does.
inline Box bounds_of_change(const Frame& a, const Frame& b) {
  int left = a.width, top = a.height, right = 0, bottom = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) {
      if (pixel(a, x, y) == pixel(b, x, y)) continue;
      left = std::min(left, x), right = std::max(right, x + 1);
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
    }
  }
  if (left >= right) return {};
  return {static_cast<double>(left), static_cast<double>(top), static_cast<double>(right - left),
          static_cast<double>(bottom - top)};
}

}  // namespace vremd::test
