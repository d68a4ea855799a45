// SPDX-License-Identifier: Apache-2.0
#include "eval/linear_assignment.h"

#include <algorithm>
#include <limits>

namespace vremd {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// No more rows than columns; u and v are the dual variables.
struct Assignment {
  std::span<const double> costs;
  std::size_t rows, columns;
  std::vector<double> u = std::vector<double>(rows), v = std::vector<double>(columns);
  std::vector<std::size_t> column_of = std::vector<std::size_t>(rows, kNone);
  std::vector<std::size_t> row_of = std::vector<std::size_t>(columns, kNone);

  void add(std::size_t row) {
    std::vector<double> path_cost(columns, kInfinity);
    std::vector<std::size_t> from(columns, kNone), remaining(columns);
    std::vector<bool> row_seen(rows), column_seen(columns);
    // From behind: equal costs everywhere then give the identity.
    for (std::size_t k = 0; k < columns; ++k) remaining[k] = columns - k - 1;

    double lowest = 0;
    std::size_t sink = kNone;
    for (std::size_t i = row; sink == kNone;) {
      row_seen[i] = true;
      const double base = lowest;
      std::size_t best = 0;
      lowest = kInfinity;
      for (std::size_t k = 0; k < remaining.size(); ++k) {
        const std::size_t j = remaining[k];
        const double cost = base + costs[i * columns + j] - u[i] - v[j];
        if (cost < path_cost[j]) {
          from[j] = i;
          path_cost[j] = cost;
        }
        // Of equal ones a free column ends the path at once.
        if (path_cost[j] < lowest || (path_cost[j] == lowest && row_of[j] == kNone)) {
          lowest = path_cost[j];
          best = k;
        }
      }
      const std::size_t j = remaining[best];
      column_seen[j] = true;
      remaining[best] = remaining.back();
      remaining.pop_back();
      if (row_of[j] == kNone) {
        sink = j;
      } else {
        i = row_of[j];
      }
    }

    u[row] += lowest;
    for (std::size_t i = 0; i < rows; ++i) {
      if (row_seen[i] && i != row) u[i] += lowest - path_cost[column_of[i]];
    }
    for (std::size_t j = 0; j < columns; ++j) {
      if (column_seen[j]) v[j] -= lowest - path_cost[j];
    }
    for (std::size_t j = sink, i = kNone; i != row;) {
      i = from[j];
      row_of[j] = i;
      std::swap(column_of[i], j);
    }
  }
};

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> linear_assignment(std::span<const double> costs,
                                                                   std::size_t rows,
                                                                   std::size_t columns) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  if (rows > columns) {
    std::vector<double> transposed(costs.size());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) transposed[j * rows + i] = costs[i * columns + j];
    }
    for (const auto& [column, row] : linear_assignment(transposed, columns, rows)) {
      pairs.emplace_back(row, column);
    }
    std::sort(pairs.begin(), pairs.end());
    return pairs;
  }
  Assignment assignment{costs, rows, columns};
  for (std::size_t row = 0; row < rows; ++row) assignment.add(row);
  for (std::size_t row = 0; row < rows; ++row) pairs.emplace_back(row, assignment.column_of[row]);
  return pairs;
}

}  // namespace vremd
