// SPDX-License-Identifier: Apache-2.0
// Shortest augmenting paths: D. F. Crouse, "On implementing 2D rectangular assignment algorithms",
// IEEE Transactions on Aerospace and Electronic Systems 52 (2016), algorithm of section III.
#include "core/assignment.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vremd {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kNone = -1;

// Keeps sums of costs far from overflow.
constexpr double kLargestCost = 1e150;

// High enough to keep the number of forbidden cells in the solution minimal.
double forbidden_cost(std::span<const double> costs, std::size_t rows, std::size_t columns) {
  double largest = 0;
  for (const double cost : costs) {
    if (cost == kForbidden) continue;
    if (!(std::fabs(cost) <= kLargestCost)) fail("assignment: invalid cost {}", cost);
    largest = std::max(largest, std::fabs(cost));
  }
  return 2 * static_cast<double>(std::min(rows, columns)) * (largest + 1) + 1;
}

// The state of the algorithm; at most as many rows as columns, every cell finite.
struct Assignment {
  std::size_t rows, columns;
  std::vector<double> costs;
  std::vector<double> row_potential = std::vector<double>(rows, 0.0);
  std::vector<double> column_potential = std::vector<double>(columns, 0.0);
  std::vector<int> column_of = std::vector<int>(rows, kNone);
  std::vector<int> row_of = std::vector<int>(columns, kNone);

  // Assigns a column to `row`; rows that have one may be reassigned.
  void add(int row) {
    std::vector<double> distance(columns, kInfinity);  // of the shortest path to each column
    std::vector<int> previous(columns, kNone);         // the row before it on that path
    std::vector<int> reached_rows, reached_columns;
    // Initially descending; the last one replaces a removed one. This order resolves ties.
    std::vector<int> open(columns);
    std::iota(open.rbegin(), open.rend(), 0);

    double least = 0;
    int i = row, free_column = kNone;
    while (free_column == kNone) {
      reached_rows.push_back(i);
      const double* cost = &costs[i * columns];
      const double from = least;
      std::size_t best = 0;
      least = kInfinity;
      for (std::size_t k = 0; k < open.size(); ++k) {
        const int j = open[k];
        const double reduced = from + cost[j] - row_potential[i] - column_potential[j];
        if (reduced < distance[j]) {
          distance[j] = reduced;
          previous[j] = i;
        }
        // Among equally near columns prefer one that ends the search.
        if (distance[j] < least || (distance[j] == least && row_of[j] == kNone)) {
          least = distance[j];
          best = k;
        }
      }
      const int nearest = open[best];
      reached_columns.push_back(nearest);
      open[best] = open.back();
      open.pop_back();
      i = row_of[nearest];
      if (i == kNone) free_column = nearest;
    }

    row_potential[row] += least;
    for (const int r : reached_rows) {
      if (r != row) row_potential[r] += least - distance[column_of[r]];
    }
    for (const int j : reached_columns) column_potential[j] -= least - distance[j];

    for (int j = free_column; i != row;) {
      i = previous[j];
      row_of[j] = i;
      std::swap(column_of[i], j);
    }
  }
};

}  // namespace

std::vector<int> assign(std::span<const double> costs, std::size_t rows, std::size_t columns) {
  std::vector<int> result(rows, kNone);
  if (costs.empty()) return result;
  const bool transposed = rows > columns;
  Assignment problem{std::min(rows, columns), std::max(rows, columns), {}};
  problem.costs.resize(costs.size());
  const double forbidden = forbidden_cost(costs, rows, columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double cost = costs[i * columns + j];
      problem.costs[transposed ? j * rows + i : i * columns + j] =
          cost == kForbidden ? forbidden : cost;
    }
  }
  for (std::size_t i = 0; i < problem.rows; ++i) problem.add(static_cast<int>(i));

  const std::vector<int>& found = transposed ? problem.row_of : problem.column_of;
  for (std::size_t i = 0; i < rows; ++i) {
    if (found[i] != kNone && costs[i * columns + found[i]] != kForbidden) result[i] = found[i];
  }
  return result;
}

std::vector<std::pair<std::size_t, std::size_t>> assign_greedily(
    std::size_t rows, std::size_t columns, double least,
    const std::function<double(std::size_t, std::size_t)>& similarity) {
  struct Pair {
    double similarity;
    std::size_t row, column;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double value = similarity(i, j);
      if (value >= least) pairs.push_back({value, i, j});
    }
  }
  std::ranges::stable_sort(pairs, std::greater(), &Pair::similarity);
  std::vector<bool> row_done(rows), column_done(columns);
  std::vector<std::pair<std::size_t, std::size_t>> result;
  for (const Pair& one : pairs) {
    if (row_done[one.row] || column_done[one.column]) continue;
    row_done[one.row] = column_done[one.column] = true;
    result.emplace_back(one.row, one.column);
  }
  return result;
}

}  // namespace vremd
