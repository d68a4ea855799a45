// SPDX-License-Identifier: Apache-2.0
#include "eval/linear_assignment.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

using namespace vremd;
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

namespace {

// The lowest total over all ways to give each of the fewer their own of the others.
double lowest_total(const std::vector<double>& costs, std::size_t rows, std::size_t columns) {
  const bool wide = rows <= columns;
  std::vector<std::size_t> order(std::max(rows, columns));
  std::iota(order.begin(), order.end(), std::size_t{0});
  double lowest = std::numeric_limits<double>::infinity();
  do {
    double total = 0;
    for (std::size_t k = 0; k < std::min(rows, columns); ++k) {
      total += wide ? costs[k * columns + order[k]] : costs[order[k] * columns + k];
    }
    lowest = std::min(lowest, total);
  } while (std::next_permutation(order.begin(), order.end()));
  return lowest;
}

}  // namespace

TEST_CASE("the assignment is the cheapest of all") {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::size_t rows = 1 + random() % 5, columns = 1 + random() % 5;
    std::vector<double> costs(rows * columns);
    for (double& cost : costs) cost = static_cast<double>(random() % 8);  // many are equal
    const Pairs pairs = linear_assignment(costs, rows, columns);
    REQUIRE(pairs.size() == std::min(rows, columns));
    CHECK(std::is_sorted(pairs.begin(), pairs.end()));
    double total = 0;
    std::vector<std::size_t> used;
    for (const auto& [row, column] : pairs) {
      total += costs[row * columns + column];
      used.push_back(column);
    }
    std::sort(used.begin(), used.end());
    CHECK(std::adjacent_find(used.begin(), used.end()) == used.end());
    CHECK(total == lowest_total(costs, rows, columns));
  }
}

// What scipy gives where the choice is free.
TEST_CASE("among equal costs the choice is scipy's") {
  CHECK(linear_assignment(std::vector<double>(9, 1.0), 3, 3) == Pairs{{0, 0}, {1, 1}, {2, 2}});
  CHECK(linear_assignment(std::vector<double>(6, 1.0), 2, 3) == Pairs{{0, 0}, {1, 1}});
  CHECK(linear_assignment(std::vector<double>(6, 1.0), 3, 2) == Pairs{{0, 0}, {1, 1}});
}

TEST_CASE("nothing to assign") {
  CHECK(linear_assignment({}, 0, 3).empty());
  CHECK(linear_assignment({}, 3, 0).empty());
}
