// SPDX-License-Identifier: Apache-2.0
#include "ops/dca_attention.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace vremd;
using namespace vremd::ops;
using Catch::Approx;

namespace {

// A map of 1 x 3 cells with two channels, one query.
std::vector<float> attend(const std::vector<float>& location, int groups, int heads, bool zeros) {
  const std::vector<float> q = {1, 2}, k = {0, 0, 1, 1, 2, 4}, v = {10, 20, 30, 40, 50, 60};
  std::vector<float> out(2, -1);
  DcaAttentionArgs args;
  args.q = q.data();
  args.k = k.data();
  args.v = v.data();
  args.location = location.data();
  args.out = out.data();
  args.batch = args.queries = args.height = 1;
  args.width = 3;
  args.channels = 2;
  args.heads = heads;
  args.groups = groups;
  args.points = static_cast<int>(location.size()) / 2 / groups;
  args.zeros = zeros;
  dca_attention_cpu(args);
  return out;
}

}  // namespace

TEST_CASE("dca_attention of one point gives the sample", "[ops]") {
  CHECK(attend({0, 1}, 1, 1, false) == std::vector<float>{30, 40});
  CHECK(attend({0, 0.25f}, 1, 2, false) == std::vector<float>{15, 25});
  CHECK(attend({-3, 7}, 1, 1, false) == std::vector<float>{50, 60});  // the nearest cell
  CHECK(attend({0, 2.5f}, 1, 1, true) == std::vector<float>{25, 30});
  CHECK(attend({0, 1e30f}, 1, 1, true) == std::vector<float>{0, 0});
}

TEST_CASE("dca_attention weighs its points by q k", "[ops]") {
  // Logits 1 + 2 = 3 and 0 at cells 1 and 0, over sqrt 2.
  const double w = 1 / (1 + std::exp(-3 / std::sqrt(2)));
  const auto both = attend({0, 1, 0, 0}, 1, 1, false);
  CHECK(both[0] == Approx(30 * w + 10 * (1 - w)));
  CHECK(both[1] == Approx(40 * w + 20 * (1 - w)));

  const auto heads = attend({0, 1, 0, 0}, 1, 2, false);  // logits 1, 0 and 2, 0
  CHECK(heads[0] == Approx((30 * std::exp(1) + 10) / (std::exp(1) + 1)));
  CHECK(heads[1] == Approx((40 * std::exp(2) + 20) / (std::exp(2) + 1)));
}

TEST_CASE("dca_attention allows several groups per head", "[ops]") {
  // Channel 0 sees cells 1 and 2, channel 1 cells 0 and 2: logits 1 + 0 and 2 + 8.
  const double w = 1 / (1 + std::exp(-9 / std::sqrt(2)));
  const auto both = attend({0, 1, 0, 2, 0, 0, 0, 2}, 2, 1, false);
  CHECK(both[0] == Approx(50 * w + 30 * (1 - w)));
  CHECK(both[1] == Approx(60 * w + 20 * (1 - w)));
}

TEST_CASE("dca_attention propagates NaN points", "[ops]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(attend({0, nan, 0, 0}, 1, 1, false)[0]));
  CHECK(std::isnan(attend({nan, 0, 0, 0}, 1, 1, true)[1]));
}
