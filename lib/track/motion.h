// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geometry.h"

#include <cstdint>

namespace vremd::track {

// Constant-velocity prediction.
//
// The velocity is the mean of the observed steps after two steps at rest, so that the first step,
// which may be noise, has weight 1/3; after eight steps it is an exponential mean with weight 0.1,
// close to the steady state of SORT's Kalman filter.
class Motion {
 public:
  void observe(Point by, std::int64_t frames);  // moved by that many pixels; skipped if not finite
  Point after(std::int64_t frames) const;       // the expected displacement

 private:
  Point velocity_;  // pixels per frame
  std::int64_t steps_ = 0;
};

}  // namespace vremd::track
