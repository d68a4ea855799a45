// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace vremd::track {

// The value that has the share `numerator / denominator` (below 1) of the others before it. There
// must be one.
inline double quantile(std::vector<double> values, std::size_t numerator, std::size_t denominator) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(values.size() * numerator / denominator);
  std::ranges::nth_element(values, place);
  return *place;
}

inline double median(std::vector<double> values) { return quantile(std::move(values), 1, 2); }

}  // namespace vremd::track
