// SPDX-License-Identifier: Apache-2.0
#include "data/triplet.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vremd::data {

// Bounds the window if timestamps do not increase.
constexpr int kFurthestFrames = 250;

TripletWindow::TripletWindow(Source source, TripletOptions options)
    : source_(std::move(source)), options_(options) {
  if (options_.stride < 0) fail("neighbours: the stride {} is below 0", options_.stride);
  if (!(options_.delta_ms >= 0)) fail("neighbours: {} ms is below 0", options_.delta_ms);
}

bool TripletWindow::pull() {
  if (ended_) return false;
  FramePtr frame = source_();
  if (!frame) {
    ended_ = true;
    return false;
  }
  decoded_ = frame->index + 1;
  frames_.push_back(std::move(frame));
  return true;
}

FramePtr TripletWindow::at(std::int64_t index) const {
  const auto found = first_from(index);
  return found != frames_.end() && (*found)->index == index ? *found : nullptr;
}

std::deque<FramePtr>::const_iterator TripletWindow::first_from(std::int64_t index) const {
  return std::ranges::lower_bound(frames_, index, {},
                                  [](const FramePtr& one) { return one->index; });
}

// Keeps the last frame before it if there is none of this number.
void TripletWindow::drop_before(std::int64_t index) {
  while (frames_.size() > 1 && frames_[1]->index <= index) frames_.pop_front();
}

bool TripletWindow::reach(std::int64_t index) {
  while (decoded_ <= index && pull()) {
    while (frames_.size() > 1) frames_.pop_front();
  }
  return decoded_ > index;
}

void TripletWindow::fill_by_stride(std::int64_t key) {
  drop_before(key - options_.stride);
  while (decoded_ <= key + options_.stride && pull()) drop_before(key - options_.stride);
}

void TripletWindow::fill_by_time(std::int64_t key) {
  const double delta = options_.delta_ms / 1000;
  const auto enough_before = [&] {  // frames_[1] is old enough for the latest frame
    return frames_.size() > 1 &&
           (frames_[1]->time <= frames_.back()->time - delta || frames_.size() > kFurthestFrames);
  };
  reach(key - kFurthestFrames - 1);
  while (decoded_ <= key && pull()) {
    while (enough_before()) frames_.pop_front();
  }
  const FramePtr centre = at(key);
  if (!centre) return;
  while (frames_.size() > 1 && frames_[1]->time <= centre->time - delta) frames_.pop_front();
  while (frames_.back()->time < centre->time + delta && decoded_ <= key + kFurthestFrames &&
         pull()) {
  }
}

// The frame nearest to `time` on its side of the key frame; ties go to the frame nearer to the key
// frame. Null if there is none.
FramePtr TripletWindow::nearest(const Frame& key, double time, Shot shot) const {
  const bool before = time < key.time;
  FramePtr best;
  for (const FramePtr& frame : frames_) {
    if (before ? frame->index >= key.index : frame->index <= key.index) continue;
    if (frame->index < shot.first || frame->index >= shot.end) continue;
    if (!best) {
      best = frame;
      continue;
    }
    const double distance = std::fabs(frame->time - time), least = std::fabs(best->time - time);
    if (distance < least || (distance == least && before)) best = frame;
  }
  return best;
}

// Null: none but those beyond the shot.
FramePtr TripletWindow::at_stride(std::int64_t key, int side, Shot shot) const {
  const auto first = first_from(shot.first), end = first_from(shot.end);
  if (first == end) return nullptr;
  if (side > 0) {
    const auto found = first_from(key + options_.stride);
    return found < end ? *found : *(end - 1);
  }
  const auto found = first_from(key - options_.stride + 1);
  return found > first ? *(found - 1) : *first;
}

std::optional<Triplet> TripletWindow::around(std::int64_t key, Shot shot) {
  const bool by_time = options_.delta_ms > 0;
  by_time ? fill_by_time(key) : fill_by_stride(key);
  const FramePtr centre = at(key);
  if (!centre) return std::nullopt;
  Triplet triplet;
  triplet.frames = {centre, centre, centre};
  for (const int side : {-1, 1}) {
    const FramePtr neighbour =
        by_time ? nearest(*centre, centre->time + side * options_.delta_ms / 1000, shot)
                : at_stride(key, side, shot);
    if (!neighbour || neighbour == centre) continue;
    if (neighbour->missing || neighbour->width != centre->width ||
        neighbour->height != centre->height) {
      ++triplet.substituted;
      continue;
    }
    triplet.frames[1 + side] = neighbour;
    triplet.neighbours[side > 0] = static_cast<int>(neighbour->index - key);
  }
  return triplet;
}

}  // namespace vremd::data
