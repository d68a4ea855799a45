// SPDX-License-Identifier: Apache-2.0
#include "core/random.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <numeric>

using namespace vremd;
using Catch::Approx;

TEST_CASE("a seed gives the same numbers with every standard library") {
  Random random(8888);
  Random standard;  // specified by the standard: the 10000th value of the default seed
  standard.discard(9999);
  CHECK(standard() == 9981545732273789042u);

  std::vector<int> order(10);
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, random);
  CHECK(order == std::vector<int>{3, 1, 8, 0, 4, 7, 6, 9, 5, 2});
  CHECK(below(random, 1000) == 729);
  CHECK(uniform(random) == 0.082663485990065566);
  CHECK(normal(random) == Approx(-0.47522997904392761).epsilon(1e-14));
}

TEST_CASE("distributions have their moments and limits") {
  Random random(1);
  constexpr int kCount = 100000;
  double sum = 0, squares = 0, mean = 0;
  std::vector<int> counts(7);
  for (int i = 0; i < kCount; ++i) {
    const double u = uniform(random, -2, 3), n = normal(random);
    REQUIRE((u >= -2 && u < 3));
    mean += u / kCount;
    sum += n / kCount;
    squares += n * n / kCount;
    ++counts[below(random, 7)];
  }
  CHECK(std::abs(mean - 0.5) < 0.02);
  CHECK(std::abs(sum) < 0.015);
  CHECK(std::abs(squares - 1) < 0.02);
  for (const int count : counts) CHECK(std::abs(count - kCount / 7) < 500);
  CHECK(below(random, 1) == 0);
}
