// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <algorithm>
#include <cmath>

namespace vremd {

// Numbers within 1e-9, NaN for NaN, objects in any order, everything else the same.
inline bool same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    return std::fabs(a.get<double>() - b.get<double>()) <= 1e-9;
  }
  if (a.is_object() && b.is_object() && a.size() == b.size()) {
    return std::all_of(a.items().begin(), a.items().end(), [&b](const auto& item) {
      const auto found = b.find(item.key());
      return found != b.end() && same(item.value(), *found);
    });
  }
  if (a.is_array() && b.is_array() && a.size() == b.size()) {
    return std::equal(a.begin(), a.end(), b.begin(), same);
  }
  return a == b;
}

}  // namespace vremd
