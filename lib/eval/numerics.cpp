// SPDX-License-Identifier: Apache-2.0
#include "eval/numerics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

namespace vremd::eval {
namespace {

constexpr std::ptrdiff_t kSmall = 15;  // up to this r - l, ranges are sorted by insertion

bool less(double a, double b) { return a < b || (b != b && a == a); }

struct Sorter {
  std::span<const double> values;
  std::vector<std::size_t>& t;

  double at(std::ptrdiff_t i) const { return values[t[i]]; }

  void insertion_sort(std::ptrdiff_t l, std::ptrdiff_t r) {
    for (std::ptrdiff_t i = l + 1; i <= r; ++i) {
      const std::size_t one = t[i];
      std::ptrdiff_t j = i;
      for (; j > l && less(values[one], at(j - 1)); --j) t[j] = t[j - 1];
      t[j] = one;
    }
  }

  // Of t[l...r]; positions in the heap count from 1.
  void heap_sort(std::ptrdiff_t l, std::ptrdiff_t r) {
    std::size_t* heap = t.data() + l - 1;
    std::ptrdiff_t n = r - l + 1;
    const auto sift = [&](std::size_t one, std::ptrdiff_t i) {
      for (std::ptrdiff_t j = 2 * i; j <= n; j *= 2) {
        if (j < n && less(values[heap[j]], values[heap[j + 1]])) ++j;
        if (!less(values[one], values[heap[j]])) break;
        heap[i] = heap[j];
        i = j;
      }
      heap[i] = one;
    };
    for (std::ptrdiff_t i = n / 2; i > 0; --i) sift(heap[i], i);
    while (n > 1) {
      const std::size_t one = heap[n];
      heap[n] = heap[1];
      --n;
      sift(one, 1);
    }
  }

  // Partitions around the median of three; returns its position.
  std::ptrdiff_t partition(std::ptrdiff_t l, std::ptrdiff_t r) {
    const std::ptrdiff_t m = l + (r - l) / 2;
    if (less(at(m), at(l))) std::swap(t[m], t[l]);
    if (less(at(r), at(m))) std::swap(t[r], t[m]);
    if (less(at(m), at(l))) std::swap(t[m], t[l]);
    const double pivot = at(m);
    std::ptrdiff_t i = l, j = r - 1;
    std::swap(t[m], t[j]);
    for (;;) {
      do ++i;
      while (less(at(i), pivot));
      do --j;
      while (less(pivot, at(j)));
      if (i >= j) break;
      std::swap(t[i], t[j]);
    }
    std::swap(t[i], t[r - 1]);
    return i;
  }

  // Sorts the shorter side of a partition first, the longer one later, at the same depth.
  void sort(std::ptrdiff_t l, std::ptrdiff_t r, int depth) {
    std::vector<std::tuple<std::ptrdiff_t, std::ptrdiff_t, int>> later{{l, r, depth}};
    while (!later.empty()) {
      std::tie(l, r, depth) = later.back();
      later.pop_back();
      if (depth < 0) {
        heap_sort(l, r);
        continue;
      }
      while (r - l > kSmall) {
        const std::ptrdiff_t i = partition(l, r);
        --depth;
        if (i - l < r - i) {
          later.emplace_back(i + 1, r, depth);
          r = i - 1;
        } else {
          later.emplace_back(l, i - 1, depth);
          l = i + 1;
        }
      }
      insertion_sort(l, r);
    }
  }
};

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

std::vector<std::size_t> numpy_argsort(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (values.size() < 2) return order;
  const int depth = 2 * (static_cast<int>(std::bit_width(values.size())) - 1);
  Sorter{values, order}.sort(0, static_cast<std::ptrdiff_t>(values.size()) - 1, depth);
  return order;
}

double pairwise_sum(std::span<const double> values) {
  const std::size_t n = values.size();
  if (n < 8) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum;
  }
  if (n <= 128) {
    double r[8];
    for (std::size_t k = 0; k < 8; ++k) r[k] = values[k];
    std::size_t i = 8;
    for (; i + 8 <= n; i += 8) {
      for (std::size_t k = 0; k < 8; ++k) r[k] += values[i + k];
    }
    double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < n; ++i) sum += values[i];
    return sum;
  }
  const std::size_t half = n / 2 - n / 2 % 8;
  return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
}

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
