// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace vremd {

inline constexpr double kForbidden = std::numeric_limits<double>::infinity();

// Pairs rows with columns, each at most once: the largest possible number of allowed pairs with the
// smallest sum of costs. `costs` is rows x columns, row-major, of kForbidden and numbers of
// magnitude up to 1e150, else an Error. Returns each row's column or -1. Time is O(min^2 max).
//
// Deterministic: ties are resolved as in scipy's linear_sum_assignment, with which the official
// evaluators pair people (SCORING 5.4, 7.3). Forbidden cells cost what they do in py-motmetrics.
std::vector<int> assign(std::span<const double> costs, std::size_t rows, std::size_t columns);

// Pairs rows with columns, each at most once, by descending similarity(row, column) down to
// `least`; equal ones in the order of rows and columns.
std::vector<std::pair<std::size_t, std::size_t>> assign_greedily(
    std::size_t rows, std::size_t columns, double least,
    const std::function<double(std::size_t, std::size_t)>& similarity);

}  // namespace vremd
