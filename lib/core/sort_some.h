// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

namespace vremd {

// Stably sorts the items with a key by `less`, among the places they occupy; items without a key
// keep their places. Comparing the latter by another criterion is not a strict weak order (10 <
// no key < 5 < 10), for which std::sort is undefined.
template <typename T, typename HasKey, typename Less>
void sort_some(std::vector<T>& items, HasKey has_key, Less less) {
  std::vector<T> sorted;
  std::copy_if(items.begin(), items.end(), std::back_inserter(sorted), has_key);
  std::stable_sort(sorted.begin(), sorted.end(), less);
  auto next = sorted.begin();
  for (T& item : items) {
    if (has_key(item)) item = *next++;
  }
}

}  // namespace vremd
