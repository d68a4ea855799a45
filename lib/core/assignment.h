// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace vremd {

// The cost of a pair that must not be.
inline constexpr double kForbidden = std::numeric_limits<double>::infinity();

// Pairs rows with columns, each at most once: as many pairs as the cells that are not forbidden
// allow and, among these, the least sum of costs. `costs` is rows x columns, row by row, of numbers
// up to 1e150 (for the greatest sum, negate) and kForbidden; an Error otherwise. Gives each row's
// column, -1: none. Time is O(min^2 max).
//
// Deterministic; among equal sums the choice is that of scipy's linear_sum_assignment, with which
// the official evaluators pair people (EVAL 5.4, 7.3). Forbidden cells get the cost that
// py-motmetrics gives them there.
std::vector<int> assign(std::span<const double> costs, std::size_t rows, std::size_t columns);

}  // namespace vremd
