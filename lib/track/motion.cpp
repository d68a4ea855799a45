// SPDX-License-Identifier: Apache-2.0
#include "track/motion.h"

#include <algorithm>
#include <cmath>

namespace vremd::track {
namespace {

constexpr double kStepsOfRest = 2;
constexpr double kLeastWeight = 0.1;

}  // namespace

void Motion::observe(Point by, std::int64_t frames) {
  if (!std::isfinite(by.x) || !std::isfinite(by.y)) return;
  ++steps_;
  const double weight = std::max(kLeastWeight, 1 / (static_cast<double>(steps_) + kStepsOfRest));
  velocity_.x += weight * (by.x / static_cast<double>(frames) - velocity_.x);
  velocity_.y += weight * (by.y / static_cast<double>(frames) - velocity_.y);
}

Point Motion::after(std::int64_t frames) const {
  return {velocity_.x * static_cast<double>(frames), velocity_.y * static_cast<double>(frames)};
}

}  // namespace vremd::track
