// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace vremd {

// The frames of a video whose numbers and times are in half-open ranges. Both increase.
struct FrameRange {
  std::int64_t first = 0, last = INT64_MAX;  // first <= number < last
  double from = -std::numeric_limits<double>::infinity();
  double to = std::numeric_limits<double>::infinity();  // from <= seconds < to

  bool is_whole() const {
    return first <= 0 && last == INT64_MAX && std::isinf(from) && std::isinf(to);
  }
  bool contains(std::int64_t frame, double seconds) const {
    return frame >= first && rounded(seconds) >= rounded(from) && !is_after(frame, seconds);
  }
  // Whether the range ends before a frame.
  bool is_after(std::int64_t frame, double seconds) const {
    return frame >= last || rounded(seconds) >= rounded(to);
  }

 private:
  // As in the records, so that all tools agree on the frames.
  static double rounded(double seconds) { return std::round(seconds * 1e6); }
};

}  // namespace vremd
