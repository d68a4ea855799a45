// SPDX-License-Identifier: Apache-2.0
#pragma once

// The similarity of two detections of a person, by which tracks are continued.

#include "io/records.h"

#include <vector>

namespace vremd::track {

// A keypoint with a position and a score above 0.
bool usable(const io::Keypoint& keypoint);

// The area of the box, in square pixels, or if it has none, of the rectangle around the usable
// keypoints. 0: neither; the person cannot be compared.
double person_area(const io::Instance& person);

// 0...1. OKS (EVAL 8) over the shared joints with the mean of the two areas, each joint weighted
// with the lower of its two scores; without shared joints, IoU of the boxes. `sigmas`: oks_sigma()
// of each joint.
double similarity(const io::Instance& a, const io::Instance& b, const std::vector<double>& sigmas);

// The person's displacement from `a` to `b`: the mean over the shared joints, weighted likewise,
// else that of the box's centre. May not be finite.
Point displacement(const io::Instance& a, const io::Instance& b);

io::Instance moved(io::Instance person, Point by);

}  // namespace vremd::track
