// SPDX-License-Identifier: Apache-2.0
#include "eval/numeric/polygon.h"

#include <algorithm>
#include <cmath>

namespace vremd::eval {
namespace {

// A number as the unevaluated sum of two doubles: 106 bits.
struct Double2 {
  double high, low;
};

Double2 sum(double a, double b) {
  const double s = a + b, part = s - a;
  return {s, (a - (s - part)) + (b - part)};
}

Double2 product(Double2 a, Double2 b) {
  const double p = a.high * b.high;
  const double low = std::fma(a.high, b.high, -p) + (a.high * b.low + a.low * b.high);
  return sum(p, low);
}

int sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

// 1: c is to the left of a -> b (y up), -1: to the right, 0: on the line.
int orientation(Point a, Point b, Point c) {
  const double left = (a.x - c.x) * (b.y - c.y), right = (a.y - c.y) * (b.x - c.x);
  constexpr double kSafe = 3.3306690738754716e-16;  // (3 + 16 eps) eps, J. R. Shewchuk 1997
  const double plain = left - right;
  if (std::fabs(plain) > kSafe * (std::fabs(left) + std::fabs(right))) return sign(plain);
  const Double2 l = product(sum(a.x, -c.x), sum(b.y, -c.y));
  const Double2 r = product(sum(a.y, -c.y), sum(b.x, -c.x));
  const Double2 high = sum(l.high, -r.high);
  const double rest = high.low + (l.low - r.low);
  return sign(high.high + rest);
}

}  // namespace

bool strictly_inside(std::span<const Point> polygon, Point p) {
  bool inside = false;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Point a = polygon[i], b = polygon[(i + 1) % polygon.size()];
    if (a.x < p.x && b.x < p.x) continue;  // missed by a ray to the right
    if (b.x == p.x && b.y == p.y) return false;
    if (a.y == p.y && b.y == p.y) {
      if (std::min(a.x, b.x) <= p.x && p.x <= std::max(a.x, b.x)) return false;
      continue;
    }
    if ((a.y > p.y) == (b.y > p.y)) continue;
    const int side = orientation(a, b, p);
    if (side == 0) return false;
    if ((b.y < a.y ? -side : side) > 0) inside = !inside;
  }
  return inside;
}

}  // namespace vremd::eval
