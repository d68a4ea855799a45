// SPDX-License-Identifier: Apache-2.0
#include "track/smoothing.h"

#include "track/tracker.h"

#include <cmath>
#include <numbers>

namespace vremd::track {
namespace {

// The weight of a new value in a low-pass filter: 1 / (1 + tau / T).
double smoothing_factor(double cutoff, double seconds) {
  const double turns = 2 * std::numbers::pi * cutoff * seconds;
  return turns / (turns + 1);
}

}  // namespace

double OneEuro::next(double value, double seconds, double size, const OneEuroConfig& config) {
  if (!last_) {
    speed_ = 0;
    last_ = value;
    return value;
  }
  speed_ +=
      smoothing_factor(config.derivative_cutoff, seconds) * ((value - *last_) / seconds - speed_);
  const double cutoff = config.min_cutoff + config.beta * std::fabs(speed_) / size;
  *last_ += smoothing_factor(cutoff, seconds) * (value - *last_);
  return *last_;
}

void Smoother::smooth(io::FrameRecord& frame, double time) {
  std::erase_if(states_,
                [&](const auto& entry) { return frame.frame - entry.second.frame > max_age_; });
  for (io::Instance& person : frame.instances) {
    if (!person.track) continue;
    const auto [found, is_new] = states_.try_emplace(*person.track);
    State& state = found->second;
    state.keypoints.resize(person.keypoints.size());
    smooth(person, state, is_new ? 1 : time - state.time);
    state.frame = frame.frame;
    state.time = time;
  }
}

void Smoother::smooth(io::Instance& person, State& state, double seconds) const {
  const double size = std::sqrt(person_area(person));
  for (std::size_t j = 0; j < person.keypoints.size(); ++j) {
    io::Keypoint& keypoint = person.keypoints[j];
    auto& [x, y] = state.keypoints[j];
    if (!usable(keypoint)) {
      x.reset();
      y.reset();
      continue;
    }
    keypoint.x = x.next(keypoint.x, seconds, size, config_);
    keypoint.y = y.next(keypoint.y, seconds, size, config_);
  }
  Box& box = person.box;
  if (!box.finite() || box.area() == 0) {
    for (OneEuro& one : state.box) one.reset();
    return;
  }
  const Point centre = box.centre();
  const double x = state.box[0].next(centre.x, seconds, size, config_);
  const double y = state.box[1].next(centre.y, seconds, size, config_);
  box.w = state.box[2].next(box.w, seconds, size, config_);
  box.h = state.box[3].next(box.h, seconds, size, config_);
  box.x = x - box.w / 2;
  box.y = y - box.h / 2;
}

}  // namespace vremd::track
