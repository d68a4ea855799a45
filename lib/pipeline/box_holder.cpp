// SPDX-License-Identifier: Apache-2.0
#include "pipeline/box_holder.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace vremd::pipeline {

int BoxHolder::hold(io::FrameRecord& frame) {
  if (frame.cut || frame.frame != next_frame_) held_.clear();
  next_frame_ = frame.frame + 1;
  struct Pair {
    double iou;
    std::size_t person, held;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < frame.instances.size(); ++i) {
    const Box& box = frame.instances[i].box;
    if (!box.finite()) continue;
    for (std::size_t j = 0; j < held_.size(); ++j) {
      const double overlap = iou(box, held_[j]);
      if (overlap >= min_iou_) pairs.push_back({overlap, i, j});
    }
  }
  std::ranges::sort(pairs, [](const Pair& a, const Pair& b) {
    return std::tuple(-a.iou, a.person, a.held) < std::tuple(-b.iou, b.person, b.held);
  });
  std::vector<bool> replaced(frame.instances.size()), used(held_.size());
  int count = 0;
  for (const Pair& pair : pairs) {
    if (replaced[pair.person] || used[pair.held]) continue;
    replaced[pair.person] = used[pair.held] = true;
    frame.instances[pair.person].box = held_[pair.held];
    ++count;
  }
  held_.clear();
  for (const io::Instance& one : frame.instances) {
    if (one.box.finite()) held_.push_back(one.box);
  }
  return count;
}

}  // namespace vremd::pipeline
