// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"

#include <cstdint>
#include <vector>

namespace vremd::pipeline {

// Keeps the box of a person while the detected ones hardly move, so that the crops of successive
// frames agree and are encoded once (METHOD 11.3).
//
// A box that overlaps one of the previous frame is replaced by it: an IoU of at least `min_iou`
// with the box as it was first detected, the greatest first, each box once. A cut and a gap in the
// frame numbers end all of them.
class BoxHolder {
 public:
  explicit BoxHolder(double min_iou) : min_iou_(min_iou) {}

  // Replaces the boxes of the next frame. Returns how many are replaced.
  int hold(io::FrameRecord& frame);

 private:
  double min_iou_;
  std::int64_t next_frame_ = -1;
  std::vector<Box> held_;  // of the previous frame
};

}  // namespace vremd::pipeline
