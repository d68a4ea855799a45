// SPDX-License-Identifier: Apache-2.0
#pragma once

// The similarity of two detections of a person, by which tracks are continued.

#include "io/records.h"

#include <cstdint>
#include <vector>

namespace vremd::track {

// A keypoint with a position and a score above 0.
bool usable(const io::Keypoint& keypoint);

// The area of the box, in square pixels, or if it has none, of the rectangle around the usable
// keypoints. 0: neither; the person cannot be compared.
double person_area(const io::Instance& person);

// 0...1. OKS (SCORING 8) over the shared joints with the mean of the two areas, each joint weighted
// with the lower of its two scores; without shared joints, IoU of the boxes. `sigmas`: oks_sigma()
// of each joint.
double similarity(const io::Instance& a, const io::Instance& b, const std::vector<double>& sigmas);

// The person's displacement from `a` to `b`: the mean over the shared joints, weighted likewise,
// else that of the box's centre. May not be finite.
Point displacement(const io::Instance& a, const io::Instance& b);

io::Instance moved(io::Instance person, Point by);

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
