// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace vremd {

// The pairs (row, column) of minimum total cost, as many as rows or columns, by ascending row. Costs
// are finite, row by row. Where several choices cost the same it decides as
// scipy.optimize.linear_sum_assignment does, step for step: shortest augmenting paths after
// D. F. Crouse, On implementing 2D rectangular assignment algorithms, IEEE TAES 52(4), 2016.
std::vector<std::pair<std::size_t, std::size_t>> linear_assignment(std::span<const double> costs,
                                                                   std::size_t rows,
                                                                   std::size_t columns);

}  // namespace vremd
