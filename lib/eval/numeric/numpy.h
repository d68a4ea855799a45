// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace vremd::eval {

// The indices of the values from the smallest to the largest, NaN last, as numpy's argsort gave
// them up to version 1.24: its introsort is not stable, and official scores with equal values
// depend on where it leaves them (EVAL, appendix A).
std::vector<std::size_t> numpy_argsort(std::span<const double> values);

}  // namespace vremd::eval
