// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random numbers that depend only on the seed, not on the platform: the standard specifies the
// engine and its seeding exactly, but neither its distributions nor std::shuffle.

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

namespace vremd {

using Random = std::mt19937_64;

// In [0, 1), a multiple of 2^-53.
inline double uniform(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }
inline double uniform(Random& random, double low, double high) {
  return low + (high - low) * uniform(random);
}
inline bool chance(Random& random, double probability) { return uniform(random) < probability; }

// Mean 0, variance 1 (Box and Muller).
inline double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform(random)));
  return radius * std::cos(2 * std::numbers::pi * uniform(random));
}

// 0 ... count - 1, each equally likely; count > 0.
inline std::uint64_t below(Random& random, std::uint64_t count) {
  const std::uint64_t excess = -count % count;  // 2^64 modulo count
  for (;;) {
    const std::uint64_t value = random();
    if (value >= excess) return value % count;
  }
}

template <typename T>
void shuffle(std::vector<T>& values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[below(random, i)]);
  }
}

}  // namespace vremd
