// SPDX-License-Identifier: Apache-2.0
#include "core/assignment.h"

#include "core/error.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <random>

using namespace vremd;

namespace {

struct Sum {
  int pairs = 0;
  double cost = 0;
  bool better_than(const Sum& other) const {
    return pairs != other.pairs ? pairs > other.pairs : cost < other.cost;
  }
};

// The best way to pair the rows from `row` on, by exhaustive search.
Sum best_by_trying(const std::vector<double>& costs, int rows, int columns, int row,
                   std::vector<bool>& used) {
  if (row == rows) return {};
  Sum best = best_by_trying(costs, rows, columns, row + 1, used);
  for (int j = 0; j < columns; ++j) {
    const double cost = costs[row * columns + j];
    if (used[j] || cost == kForbidden) continue;
    used[j] = true;
    Sum sum = best_by_trying(costs, rows, columns, row + 1, used);
    used[j] = false;
    ++sum.pairs;
    sum.cost += cost;
    if (sum.better_than(best)) best = sum;
  }
  return best;
}

// The sum of a solution, which must use each column at most once and no forbidden cell.
Sum sum_of(const std::vector<double>& costs, int columns, const std::vector<int>& solution) {
  Sum sum;
  std::vector<bool> used(columns, false);
  for (std::size_t i = 0; i < solution.size(); ++i) {
    const int j = solution[i];
    if (j < 0) continue;
    REQUIRE(j < columns);
    REQUIRE(!used[j]);
    REQUIRE(costs[i * columns + j] != kForbidden);
    used[j] = true;
    ++sum.pairs;
    sum.cost += costs[i * columns + j];
  }
  return sum;
}

}  // namespace

TEST_CASE("assignment: as good as exhaustive search") {
  std::mt19937 random(7);
  const auto number = [&random](int end) { return static_cast<int>(random() % end); };
  for (int round = 0; round < 2000; ++round) {
    const int rows = 1 + number(5), columns = 1 + number(5);
    const int kinds = round % 2 ? 4 : 1000;  // with ties, and with hardly any
    const int forbidden = number(10);        // of ten cells
    std::vector<double> costs(rows * columns);
    for (double& cost : costs) {
      cost = number(10) < forbidden ? kForbidden : number(kinds) - kinds / 2;
    }
    const std::vector<int> solution = assign(costs, rows, columns);
    REQUIRE(solution.size() == static_cast<std::size_t>(rows));
    const Sum found = sum_of(costs, columns, solution);
    std::vector<bool> used(columns, false);
    const Sum best = best_by_trying(costs, rows, columns, 0, used);
    REQUIRE(found.pairs == best.pairs);
    REQUIRE(found.cost == best.cost);
  }
}

TEST_CASE("assignment: ties are resolved as in scipy") {
  using Rows = std::vector<int>;
  const std::vector<double> zeros(15, 0.0);
  CHECK(assign(std::span(zeros).first(9), 3, 3) == Rows{0, 1, 2});
  CHECK(assign(zeros, 3, 5) == Rows{0, 1, 2});
  CHECK(assign(zeros, 5, 3) == Rows{0, 1, 2, -1, -1});
  const std::vector<double> square = {1, 0, 0, 0, 0, 1, 0, 1, 0};
  CHECK(assign(square, 3, 3) == Rows{1, 0, 2});
  const std::vector<double> wide = {1, 1, 0, 1, 2, 0};
  CHECK(assign(wide, 2, 3) == Rows{1, 2});
  const std::vector<double> tall = {2, 1, 1, 1, 1, 2, 1, 2, 1, 1, 1, 1};
  CHECK(assign(tall, 4, 3) == Rows{1, 0, 2, -1});
  const std::vector<double> thin = {0, 0, 0, 1, 1, 0, 0, 0};
  CHECK(assign(thin, 4, 2) == Rows{0, -1, 1, -1});
}

TEST_CASE("assignment: nothing to pair") {
  using Rows = std::vector<int>;
  CHECK(assign({}, 0, 0).empty());
  CHECK(assign({}, 0, 3).empty());
  CHECK(assign({}, 2, 0) == Rows{-1, -1});
  const std::vector<double> forbidden(6, kForbidden);
  CHECK(assign(forbidden, 2, 3) == Rows{-1, -1});
  CHECK(assign(forbidden, 3, 2) == Rows{-1, -1, -1});
}

TEST_CASE("assignment: more pairs take precedence over a smaller sum") {
  const std::vector<double> costs = {0, 100, 1, kForbidden};
  CHECK(assign(costs, 2, 2) == std::vector<int>{1, 0});
}

TEST_CASE("assignment: invalid costs") {
  const std::vector<double> nan = {0, std::nan("")}, huge = {1e200, 0}, minus = {-kForbidden, 0};
  CHECK_THROWS_AS(assign(nan, 1, 2), Error);
  CHECK_THROWS_AS(assign(huge, 1, 2), Error);
  CHECK_THROWS_AS(assign(minus, 1, 2), Error);
}

TEST_CASE("greedy assignment: the most similar pairs first, each row and column once") {
  using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;
  const auto of = [](const std::vector<std::vector<double>>& similarities, double least) {
    return assign_greedily(
        similarities.size(), similarities.front().size(), least,
        [&](std::size_t row, std::size_t column) { return similarities[row][column]; });
  };
  CHECK(of({{0.9, 0.8}, {0.8, 0.1}}, 0) == Pairs{{0, 0}, {1, 1}});  // not the largest sum
  CHECK(of({{0.9, 0.8}, {0.8, 0.1}}, 0.5) == Pairs{{0, 0}});
  CHECK(of({{0.2, 0.5, 0.7}}, 0.5) == Pairs{{0, 2}});
  CHECK(of({{0.3}, {0.5}, {0.4}}, 0.5) == Pairs{{1, 0}});  // `least` itself is enough
  CHECK(of({{0.5, 0.5}, {0.5, 0.5}}, 0) == Pairs{{0, 0}, {1, 1}});
  CHECK(of({{0.1, 0.5}, {0.5, 0.9}}, 0) == Pairs{{1, 1}, {0, 0}});  // in the order of similarity
  CHECK(of({{std::nan(""), 0.2}}, 0) == Pairs{{0, 1}});
  CHECK(of({{0.2}}, 0.5).empty());
  CHECK(assign_greedily(0, 3, 0, [](std::size_t, std::size_t) { return 1.0; }).empty());
}
