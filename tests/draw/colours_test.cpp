// SPDX-License-Identifier: Apache-2.0
#include "draw/colours.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

using namespace vremd;
using namespace vremd::draw;

namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

// How linear RGB looks to normal eyes, and with protanopia and deuteranopia: Machado, Oliveira
// and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency"
// (2009), severity 1.
constexpr Matrix kVisions[] = {{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
                               {{{0.152286, 1.052583, -0.204868},
                                 {0.114503, 0.786281, 0.099216},
                                 {-0.003882, -0.048116, 1.051998}}},
                               {{{0.367322, 0.860646, -0.227968},
                                 {0.280085, 0.672501, 0.047413},
                                 {-0.011820, 0.042940, 0.968881}}}};

double linear(double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); }

Vector lab(Colour colour, const Matrix& vision) {
  const Vector rgb{linear(colour.r), linear(colour.g), linear(colour.b)};
  const auto row = [](const Vector& a, const Vector& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  };
  Vector seen;
  for (int i = 0; i < 3; ++i) seen[i] = std::clamp(row(vision[i], rgb), 0.0, 1.0);
  const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
  const double x = f(row({0.4124, 0.3576, 0.1805}, seen) / 0.9505);
  const double y = f(row({0.2126, 0.7152, 0.0722}, seen));
  const double z = f(row({0.0193, 0.1192, 0.9505}, seen) / 1.089);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double smallest_distance(const std::vector<Colour>& colours) {
  double least = HUGE_VAL;
  for (const Matrix& vision : kVisions) {
    for (std::size_t a = 0; a < colours.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        const Vector p = lab(colours[a], vision), q = lab(colours[b], vision);
        least = std::min(least, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
      }
    }
  }
  return least;
}

}  // namespace

TEST_CASE("left, right and middle differ with any colour vision") {
  for (int person = 0; person < 3; ++person) {
    CAPTURE(person);
    CHECK(smallest_distance({side_colour(Side::kLeft, person), side_colour(Side::kRight, person),
                             side_colour(Side::kMiddle, person)}) > 25);
  }
}

TEST_CASE("people differ with any colour vision") {
  std::vector<Colour> colours;
  for (int person = 0; person < kPersonColours; ++person) colours.push_back(person_colour(person));
  CHECK(smallest_distance(colours) > 20);
}

TEST_CASE("any number has a colour") {
  const Colour first = person_colour(0), again = person_colour(-kPersonColours);
  CHECK(first.r == again.r);
  CHECK(first.g == again.g);
  CHECK(side_colour(Side::kLeft, -1).r == side_colour(Side::kLeft, 2).r);
}
