// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

// Normalised mean squared error of `got`; NaN where a value is NaN, so that no limit holds.
inline double nmse(const std::vector<float>& got, const std::vector<float>& expected) {
  if (got.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double error = 0, energy = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = static_cast<double>(got[i]) - expected[i];
    error += difference * difference;
    energy += static_cast<double>(expected[i]) * expected[i];
  }
  return error == 0 ? 0 : error / energy;
}
