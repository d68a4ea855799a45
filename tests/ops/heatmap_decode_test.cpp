// SPDX-License-Identifier: Apache-2.0
#include "ops/heatmap_decode.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace vremd;
using namespace vremd::ops;
using Catch::Matchers::WithinAbs;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> decode(const std::vector<float>& map, int height, int width, Decode how,
                          int blur = 11) {
  std::vector<float> point(3, kNan);
  HeatmapDecodeArgs args;
  args.heatmaps = map.data();
  args.points = point.data();
  args.count = 1;
  args.height = height;
  args.width = width;
  args.decode = how;
  args.blur = blur;
  heatmap_decode_cpu(args);
  return point;
}

// A Gaussian hill of height 0.9 with the given axes, on a small slope.
std::vector<float> hill(int height, int width, double x, double y) {
  std::vector<float> map;
  for (int v = 0; v < height; ++v) {
    for (int u = 0; u < width; ++u) {
      const double dx = (u - x) / 2.5, dy = (v - y) / 1.5;
      map.push_back(
          static_cast<float>(0.9 * std::exp(-0.5 * (dx * dx + dy * dy - dx * dy)) + 0.001 * u));
    }
  }
  return map;
}

}  // namespace

TEST_CASE("heatmap_decode selects the lowest index among equals", "[ops]") {
  const auto how = GENERATE(Decode::kArgmax, Decode::kQuarter);
  CHECK(decode({0.25f, 0.5f, 0.5f, 0.5f}, 2, 2, how) == std::vector<float>{1, 0, 0.5f});
  CHECK(decode(std::vector<float>(35, 0.25f), 5, 7, how) == std::vector<float>{0, 0, 0.25f});
  std::vector<float> twice(40, 0.0f);
  twice[17] = twice[38] = 1;
  CHECK(decode(twice, 4, 10, how) == std::vector<float>{7, 1, 1});
}

TEST_CASE("heatmap_decode gives score 0 without a positive value", "[ops]") {
  const auto how = GENERATE(Decode::kArgmax, Decode::kQuarter, Decode::kDark, Decode::kDarkUdp);
  std::vector<float> map(49, -2);
  map[24] = -1;
  CHECK(decode(map, 7, 7, how) == std::vector<float>{3, 3, 0});
}

TEST_CASE("heatmap_decode ignores NaN", "[ops]") {
  const auto how = GENERATE(Decode::kArgmax, Decode::kQuarter, Decode::kDark, Decode::kDarkUdp);
  std::vector<float> map(49, kNan);
  CHECK(decode(map, 7, 7, how) == std::vector<float>{0, 0, 0});
  map[24] = 0.5f;
  CHECK(decode(map, 7, 7, how) == std::vector<float>{3, 3, 0.5f});
}

TEST_CASE("heatmap_decode moves a quarter pixel, but not near the border", "[ops]") {
  std::vector<float> map(36, 0.0f);
  map[3 * 6 + 2] = 1;
  map[3 * 6 + 3] = 0.5f;  // right
  map[2 * 6 + 2] = 0.3f;  // above
  CHECK(decode(map, 6, 6, Decode::kQuarter) == std::vector<float>{2.25f, 2.75f, 1});
  CHECK(decode(map, 6, 6, Decode::kArgmax) == std::vector<float>{2, 3, 1});
  // 1 < x < width - 1: column 1 is too near, column width - 2 is not.
  std::vector<float> second(36, 0.0f);
  second[3 * 6 + 1] = 1;
  second[3 * 6 + 2] = 0.5f;
  CHECK(decode(second, 6, 6, Decode::kQuarter) == std::vector<float>{1, 3, 1});
  std::vector<float> last_but_one(36, 0.0f);
  last_but_one[3 * 6 + 4] = 1;
  last_but_one[3 * 6 + 3] = 0.5f;
  CHECK(decode(last_but_one, 6, 6, Decode::kQuarter) == std::vector<float>{3.75f, 3, 1});
}

TEST_CASE("heatmap_decode takes the score before the blur", "[ops]") {
  const auto how = GENERATE(Decode::kDark, Decode::kDarkUdp);
  std::vector<float> map(21 * 21, 0.0f);
  map[10 * 21 + 10] = 0.75f;
  const auto point = decode(map, 21, 21, how);
  CHECK(point[2] == 0.75f);
  CHECK_THAT(point[0], WithinAbs(10, 1e-4));
  CHECK_THAT(point[1], WithinAbs(10, 1e-4));
}

TEST_CASE("heatmap_decode applies dark only two pixels inside the border", "[ops]") {
  const auto near = hill(20, 20, 1.0, 9.0);
  CHECK(decode(near, 20, 20, Decode::kDark) == decode(near, 20, 20, Decode::kArgmax));
  const auto inside = hill(20, 20, 2.3, 9.6);
  CHECK(decode(inside, 20, 20, Decode::kDark) != decode(inside, 20, 20, Decode::kArgmax));
}

// Expected: the sources' formulas in NumPy with OpenCV's GaussianBlur.
TEST_CASE("heatmap_decode matches the sources", "[ops]") {
  const auto [x, y, how, expected_x, expected_y] =
      GENERATE(table<double, double, Decode, double, double>(
          {{10.3, 9.6, Decode::kDark, 10.325673107, 9.603766758},
           {10.3, 9.6, Decode::kDarkUdp, 10.326725616, 9.604692953},
           {4.4, 3.3, Decode::kDark, 4.448289935, 3.317992278},
           {4.4, 3.3, Decode::kDarkUdp, 4.191882401, 2.985718787},
           {0.4, 18.7, Decode::kDarkUdp, -0.001626376, 19.496827562}}));
  CAPTURE(x, y, static_cast<int>(how));
  const auto point = decode(hill(20, 24, x, y), 20, 24, how);
  CHECK_THAT(point[0], WithinAbs(expected_x, 1e-4));
  CHECK_THAT(point[1], WithinAbs(expected_y, 1e-4));
}

TEST_CASE("heatmap_decode decodes maps smaller than the blur", "[ops]") {
  const auto how = GENERATE(Decode::kArgmax, Decode::kQuarter, Decode::kDark, Decode::kDarkUdp);
  CHECK(decode({0.5f}, 1, 1, how) == std::vector<float>{0, 0, 0.5f});
  const auto point = decode({0.1f, 0.2f, 0.9f, 0.3f}, 2, 2, how);
  CHECK(point[2] == 0.9f);
  CHECK(std::isfinite(point[0]));
  CHECK(std::isfinite(point[1]));
}

TEST_CASE("heatmap_decode rejects an even blur", "[ops]") {
  const int blur = GENERATE(-1, 0, 10, 33);
  CHECK_THROWS_AS(decode({0.5f}, 1, 1, Decode::kDarkUdp, blur), std::invalid_argument);
}
