// SPDX-License-Identifier: Apache-2.0
#include "annotation/corners.h"

#include <cmath>
#include <initializer_list>
#include <limits>

namespace vremd::annotation {
namespace {

// 29.55 rather than 29.549999999999983
double neat(double value) {
  constexpr double kNoise = 1e-9;
  const double rounded = std::round(value * 1e6) / 1e6;
  return std::fabs(rounded - value) < kNoise ? rounded : value;
}

}  // namespace

double width_to(double x, double right) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double w = right - x;
  for (const double one :
       {neat(w), w, std::nextafter(w, kInfinity), std::nextafter(w, -kInfinity)}) {
    if (right_of(x, one) == right) return one;
  }
  return w;
}

double right_of(double x, double width) { return neat(x + width); }

}  // namespace vremd::annotation
