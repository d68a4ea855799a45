// SPDX-License-Identifier: Apache-2.0
#include "eval/numerics.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

using namespace vremd;
using namespace vremd::eval;

// Trap 13.
TEST_CASE("edges and corners of a polygon are outside") {
  const std::vector<Point> square = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
  CHECK(strictly_inside(square, {5, 5}));
  CHECK(strictly_inside(square, {1e-300, 1e-300}));
  for (const Point corner : square) CHECK_FALSE(strictly_inside(square, corner));
  for (const Point edge : {Point{5, 0}, {10, 5}, {5, 10}, {0, 5}}) {
    CHECK_FALSE(strictly_inside(square, edge));
  }
  CHECK_FALSE(strictly_inside(square, {-1, 5}));
  CHECK_FALSE(strictly_inside(square, {11, 10}));
  CHECK_FALSE(strictly_inside(square, {std::nextafter(10.0, 11.0), 5}));
  CHECK(strictly_inside(square, {std::nextafter(10.0, 9.0), 5}));
}

TEST_CASE("a ray through a corner counts once") {
  const std::vector<Point> diamond = {{0, -2}, {2, 0}, {0, 2}, {-2, 0}};
  CHECK(strictly_inside(diamond, {0, 0}));
  CHECK_FALSE(strictly_inside(diamond, {-3, 0}));
  const std::vector<Point> notch = {{0, 0}, {4, 0}, {4, 4}, {2, 2}, {0, 4}};
  CHECK(strictly_inside(notch, {1, 2}));
  CHECK_FALSE(strictly_inside(notch, {2, 3}));
}

TEST_CASE("self-intersecting polygons follow the even-odd rule") {
  std::vector<Point> star;
  for (int i = 0; i < 5; ++i) {
    star.push_back({10 * std::cos(i * 4 * M_PI / 5), 10 * std::sin(i * 4 * M_PI / 5)});
  }
  CHECK_FALSE(strictly_inside(star, {0, 0}));
  CHECK(strictly_inside(star, {7, 0}));
}

// Near a slanted edge where plain double arithmetic cannot decide.
TEST_CASE("the side is exact close to an edge") {
  const std::vector<Point> triangle = {{0, 0}, {3, 1}, {0, 9}};
  const double y = 1.0 / 3;  // below the third that the edge passes at x = 1
  CHECK(strictly_inside(triangle, {1, std::nextafter(y, 1.0)}));
  CHECK_FALSE(strictly_inside(triangle, {1, y}));
  const std::vector<Point> large = {{0.1, 0.1}, {12345.1, 12345.1}, {0.1, 12345.1}};
  const double x = 1234.7;
  CHECK_FALSE(strictly_inside(large, {x, x}));
  CHECK(strictly_inside(large, {x, std::nextafter(x, 1e9)}));
  CHECK_FALSE(strictly_inside(large, {x, std::nextafter(x, 0.0)}));
}

TEST_CASE("a polygon without an area has no inside") {
  const std::vector<Point> line = {{0, 0}, {4, 4}, {8, 8}};
  CHECK_FALSE(strictly_inside(line, {4, 4}));
  CHECK_FALSE(strictly_inside(line, {3, 4}));
}
