// SPDX-License-Identifier: Apache-2.0
#pragma once

// Object keypoint similarity (SCORING 8), in a library of its own: vremd-pose needs no more of the
// scores.

#include "core/geometry.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vremd::eval {

struct OksTruth {
  std::int64_t id = 0;
  std::vector<double> keypoints;  // x, y, v of each
  Box box;
  double area = 0;
  bool crowd = false;
  std::int64_t labelled = 0;  // num_keypoints of the file
};

struct OksDetection {
  std::vector<double> keypoints;  // x, y, v of each
  double score = 0;
  double area = 0;
};

// The area that OKS is relative to; without `use_area`, 0.53 of the box.
double area_of(const OksTruth& truth, bool use_area);

bool is_labelled(const std::vector<double>& keypoints, std::size_t i);
std::int64_t count_labelled(const std::vector<double>& keypoints);

// 0...1, 1 if identical. Detection and truth have a keypoint for each sigma.
double oks(const OksDetection& detection, const OksTruth& truth, std::span<const double> sigmas,
           bool use_area = true);

}  // namespace vremd::eval
