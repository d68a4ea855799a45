// SPDX-License-Identifier: Apache-2.0
#pragma once

// How much two finds look like the same person: what tracks are continued by.

#include "io/records.h"

#include <vector>

namespace vremd::track {

// A keypoint with a position and a score above 0.
bool usable(const io::Keypoint& keypoint);

// The area of the box, in square pixels, or where that is none of the rectangle around the usable
// keypoints. 0: neither has one, and nothing can be compared with this person.
double person_area(const io::Instance& person);

// 0...1. OKS (EVAL 8) over the joints that both have, weighted with the lower of the two scores,
// with the mean of the two areas: a joint that is only guessed says little about who it is.
// IoU of the boxes where there is no such joint. `sigmas`: oks_sigma() of each joint.
double similarity(const io::Instance& a, const io::Instance& b, const std::vector<double>& sigmas);

// How far the person has moved from `a` to `b`: the mean over the joints that both have, weighted
// likewise, else the way of the box's centre. Need not be finite.
Point displacement(const io::Instance& a, const io::Instance& b);

// The same person elsewhere.
io::Instance moved(io::Instance person, Point by);

}  // namespace vremd::track
