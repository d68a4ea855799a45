// SPDX-License-Identifier: Apache-2.0
#include "ops/heatmap_encode.h"

#include "core/error.h"
#include "ops/heatmap_decode.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace vremd;
using namespace vremd::ops;

namespace {

constexpr int kHeight = 64, kWidth = 48;

std::vector<float> encode(double x, double y, double sigma, bool udp) {
  std::vector<float> map(kHeight * kWidth, 7.0f);
  heatmap_encode(map, kHeight, kWidth, x, y, sigma, udp);
  return map;
}

// Largest distance on one axis between the encoded and the decoded point.
double round_trip_error(double x, double y, bool udp, Decode decode) {
  const auto map = encode(x, y, 2, udp);
  float point[3];
  HeatmapDecodeArgs args;
  args.heatmaps = map.data();
  args.points = point;
  args.count = 1;
  args.height = kHeight;
  args.width = kWidth;
  args.decode = decode;
  heatmap_decode_cpu(args);
  return std::max(std::fabs(point[0] - x), std::fabs(point[1] - y));
}

}  // namespace

TEST_CASE("heatmap_encode writes a Gaussian of radius three sigma", "[ops]") {
  const auto classic = encode(20.4, 30.4, 2, false);
  CHECK(classic[30 * kWidth + 20] == 1);
  CHECK(classic[30 * kWidth + 22] == std::exp(-0.5f));
  CHECK(classic[30 * kWidth + 26] > 0);
  CHECK(classic[30 * kWidth + 27] == 0);
  CHECK(classic[24 * kWidth + 14] > 0);
  CHECK(classic[23 * kWidth + 14] == 0);

  const auto udp = encode(20.4, 30.4, 2, true);
  CHECK(udp[30 * kWidth + 20] == static_cast<float>(std::exp(-(0.16 + 0.16) / 8)));
  CHECK(udp[30 * kWidth + 26] > 0);
  CHECK(udp[30 * kWidth + 27] == 0);
}

TEST_CASE("heatmap_encode reports a support outside the map", "[ops]") {
  const bool udp = GENERATE(true, false);
  std::vector<float> map(kHeight * kWidth, 7.0f);
  const auto sum = [&] {
    double total = 0;
    for (const float value : map) total += value;
    return total;
  };
  CHECK(heatmap_encode(map, kHeight, kWidth, -6, 10, 2, udp));
  CHECK(sum() > 0);
  for (const double bad :
       {-7.0, 54.0, 1e300, -1e300, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CAPTURE(bad);
    std::fill(map.begin(), map.end(), 7.0f);
    CHECK_FALSE(heatmap_encode(map, kHeight, kWidth, bad, 10, 2, udp));
    CHECK(sum() == 0);
  }
  CHECK_THROWS_AS(heatmap_encode(map, kHeight, kWidth + 1, 1, 1, 2, udp), Error);
}

// METHOD 13.2
TEST_CASE("encoding and decoding a point is the identity", "[ops]") {
  std::mt19937 engine(3);
  std::uniform_real_distribution<double> x(6, kWidth - 7), y(6, kHeight - 7);
  for (int i = 0; i < 500; ++i) {
    const double at_x = x(engine), at_y = y(engine);
    CAPTURE(at_x, at_y);
    CHECK(round_trip_error(at_x, at_y, true, Decode::kDarkUdp) <= 0.05);
    CHECK(round_trip_error(at_x, at_y, true, Decode::kDark) <= 0.05);
    CHECK(round_trip_error(at_x, at_y, false, Decode::kQuarter) <= 0.5);
  }
}
