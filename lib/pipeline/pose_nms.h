// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/joints.h"
#include "ops/crop.h"
#include "pipeline/chunk.h"

#include <span>
#include <string>
#include <vector>

namespace vremd::pipeline {

// "none" is 0, "oks:NUM" is NUM, in (0, 1). Error otherwise.
double parse_nms(const std::string& text);

// Removes second poses of one person, from several boxes: greedy non-maximum suppression by OKS
// within each frame (METHOD 2.3).
class PoseNms {
 public:
  // `max_oks`: of two people in the output; 0 keeps everybody.
  PoseNms(double max_oks, const JointSet& joints, const ops::CropSpec& crop);

  // The people of chunk.persons whose keypoints are in its records. Counts in chunk.removed.
  void thin(FrameChunk& chunk) const;

 private:
  void thin_frame(std::span<const Person> persons, FrameChunk& chunk) const;

  double max_oks_;
  std::vector<double> sigmas_;
  ops::CropSpec crop_;
};

}  // namespace vremd::pipeline
