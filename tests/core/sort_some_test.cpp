// SPDX-License-Identifier: Apache-2.0
#include "core/sort_some.h"

#include <catch2/catch_test_macros.hpp>

using namespace vremd;

TEST_CASE("sort_some sorts items with a key around those without") {
  constexpr int kNone = -1;
  const auto sorted = [](std::vector<int> items) {
    sort_some(items, [](int item) { return item != kNone; }, [](int a, int b) { return a < b; });
    return items;
  };
  CHECK(sorted({10, kNone, 5}) == std::vector{5, kNone, 10});
  CHECK(sorted({kNone, 3, kNone, 2, 1}) == std::vector{kNone, 1, kNone, 2, 3});
  CHECK(sorted({kNone, kNone}) == std::vector{kNone, kNone});
  CHECK(sorted({}).empty());
}
