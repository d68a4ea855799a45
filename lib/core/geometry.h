// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace vremd {

// Pixel coordinates: (0, 0) is the centre of the upper left pixel, x to the right, y down.
struct Point {
  double x = 0, y = 0;
};

// A person's box in frame pixels, as in COCO: left, top, width, height.
struct Box {
  double x = 0, y = 0, w = 0, h = 0;

  Point centre() const { return {x + w / 2, y + h / 2}; }
  double area() const { return w > 0 && h > 0 ? w * h : 0; }
  bool finite() const {
    return std::isfinite(x) && std::isfinite(y) && std::isfinite(w) && std::isfinite(h);
  }
};

inline double intersection(const Box& a, const Box& b) {
  const double w = std::fmin(a.x + a.w, b.x + b.w) - std::fmax(a.x, b.x);
  const double h = std::fmin(a.y + a.h, b.y + b.h) - std::fmax(a.y, b.y);
  return w > 0 && h > 0 ? w * h : 0;
}

// The bounding box of the points that satisfy `keep`. Empty without points.
template <typename Points, typename Keep>
std::optional<Box> bounds_of(const Points& points, Keep keep) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double left = kInfinity, top = kInfinity, right = -kInfinity, bottom = -kInfinity;
  for (const auto& point : points) {
    if (!keep(point)) continue;
    left = std::min(left, point.x), right = std::max(right, point.x);
    top = std::min(top, point.y), bottom = std::max(bottom, point.y);
  }
  if (left > right) return std::nullopt;
  return Box{left, top, right - left, bottom - top};
}

// The same, enlarged 1.3 times like poseval's conversion does (SCORING, appendix D).
template <typename Points, typename Keep>
std::optional<Box> box_around(const Points& points, Keep keep) {
  const auto b = bounds_of(points, keep);
  if (!b) return std::nullopt;
  return Box{b->x - 0.15 * b->w, b->y - 0.15 * b->h, 1.3 * b->w, 1.3 * b->h};
}

// Intersection over union; 0 if both are empty.
inline double iou(const Box& a, const Box& b) {
  const double common = intersection(a, b);
  const double all = a.area() + b.area() - common;
  return all > 0 ? common / all : 0;
}

// x' = m[0] x + m[1] y + m[2],  y' = m[3] x + m[4] y + m[5]
struct Affine2x3 {
  std::array<double, 6> m{1, 0, 0, 0, 1, 0};

  Point operator()(Point p) const {
    return {m[0] * p.x + m[1] * p.y + m[2], m[3] * p.x + m[4] * p.y + m[5]};
  }

  // The matrix must not be singular.
  Affine2x3 inverse() const {
    const double det = m[0] * m[4] - m[1] * m[3];
    const double a = m[4] / det, b = -m[1] / det, c = -m[3] / det, d = m[0] / det;
    return {{a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5])}};
  }

  // The composition that applies `first`, then this.
  Affine2x3 after(const Affine2x3& first) const {
    const auto& f = first.m;
    return {{m[0] * f[0] + m[1] * f[3], m[0] * f[1] + m[1] * f[4], m[0] * f[2] + m[1] * f[5] + m[2],
             m[3] * f[0] + m[4] * f[3], m[3] * f[1] + m[4] * f[4],
             m[3] * f[2] + m[4] * f[5] + m[5]}};
  }
};

}  // namespace vremd
