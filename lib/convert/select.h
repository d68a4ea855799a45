// SPDX-License-Identifier: Apache-2.0
#pragma once

// What of the input is converted, and at which scale. Frames keep their numbers.

#include "convert/format.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace vremd::convert {

struct Selection {
  double min_score = 0;                      // of persons
  std::int64_t first = 0, last = INT64_MAX;  // frames first <= frame < last
  std::vector<int> tracks;                   // empty: all
  double scale = 1;                          // of all coordinates and sizes
  double fps = 0;                            // at most so many frames a second; 0: all
};

std::unique_ptr<RecordSink> select(const Selection& selection, RecordSink& next);

}  // namespace vremd::convert
