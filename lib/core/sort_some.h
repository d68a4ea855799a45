// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

namespace vremd {

// Sorts those of `items` that `counts` accepts by `less`, stably, into the places that they had;
// the others stay where they are. For items of which some have no key: to compare these with the
// rest by something else is no order (10 < none < 5 < 10), and std::sort may leave the array.
template <typename T, typename Counts, typename Less>
void sort_some(std::vector<T>& items, Counts counts, Less less) {
  std::vector<T> sorted;
  std::copy_if(items.begin(), items.end(), std::back_inserter(sorted), counts);
  std::stable_sort(sorted.begin(), sorted.end(), less);
  auto next = sorted.begin();
  for (T& item : items) {
    if (counts(item)) item = *next++;
  }
}

}  // namespace vremd
