// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace vremd::eval {

// The indices of the values in ascending order, NaN last, as by numpy's argsort up to version 1.24:
// its introsort is not stable, and official scores depend on its order of equal values (SCORING,
// appendix A).
std::vector<std::size_t> numpy_argsort(std::span<const double> values);

// The sum in numpy's order of additions (SCORING, appendix B), to the last bit.
double pairwise_sum(std::span<const double> values);

}  // namespace vremd::eval
