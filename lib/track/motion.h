// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geometry.h"

#include <cstdint>

namespace vremd::track {

// Where somebody goes who keeps the speed.
//
// The velocity is the mean of what was observed, with two frames of standing still before it, so
// that the first step, which may be nothing but noise, counts for a third; after eight steps it
// is an exponential mean with the weight 0.1, about the steady state of SORT's Kalman filter.
class Motion {
 public:
  // Moved by so many pixels in so many frames. What is not finite is left out.
  void observe(Point by, std::int64_t frames);

  Point after(std::int64_t frames) const;  // the displacement to expect

 private:
  Point velocity_;  // pixels per frame
  std::int64_t steps_ = 0;
};

}  // namespace vremd::track
