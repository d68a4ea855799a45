// SPDX-License-Identifier: Apache-2.0
#include "track/association.h"

#include <algorithm>
#include <cmath>

namespace vremd::track {
namespace {

constexpr double kStepsOfRest = 2;
constexpr double kLeastWeight = 0.1;

// Calls each(joint, weight) for the shared joints.
template <typename Each>
void for_shared_joints(const io::Instance& a, const io::Instance& b, Each each) {
  const std::size_t joints = std::min(a.keypoints.size(), b.keypoints.size());
  for (std::size_t j = 0; j < joints; ++j) {
    if (!usable(a.keypoints[j]) || !usable(b.keypoints[j])) continue;
    each(j, std::min(a.keypoints[j].score, b.keypoints[j].score));
  }
}

double box_similarity(const Box& a, const Box& b) {
  return a.finite() && b.finite() ? iou(a, b) : 0;
}

}  // namespace

bool usable(const io::Keypoint& keypoint) {
  return keypoint.score > 0 && std::isfinite(keypoint.x) && std::isfinite(keypoint.y) &&
         std::isfinite(keypoint.score);
}

double person_area(const io::Instance& person) {
  if (person.box.finite() && person.box.area() > 0) return person.box.area();
  return bounds_of(person.keypoints, usable).value_or(Box{}).area();
}

double similarity(const io::Instance& a, const io::Instance& b, const std::vector<double>& sigmas) {
  const double area = (person_area(a) + person_area(b)) / 2;
  if (!(area > 0)) return 0;
  double sum = 0, weights = 0;
  for_shared_joints(a, b, [&](std::size_t j, double weight) {
    const double x = a.keypoints[j].x - b.keypoints[j].x, y = a.keypoints[j].y - b.keypoints[j].y;
    const double variance = 4 * sigmas[j] * sigmas[j] * area;
    sum += weight * std::exp(-(x * x + y * y) / (2 * variance));
    weights += weight;
  });
  return weights > 0 ? sum / weights : box_similarity(a.box, b.box);
}

Point displacement(const io::Instance& a, const io::Instance& b) {
  Point sum;
  double weights = 0;
  for_shared_joints(a, b, [&](std::size_t j, double weight) {
    sum.x += weight * (b.keypoints[j].x - a.keypoints[j].x);
    sum.y += weight * (b.keypoints[j].y - a.keypoints[j].y);
    weights += weight;
  });
  if (weights > 0) return {sum.x / weights, sum.y / weights};
  const Point from = a.box.centre(), to = b.box.centre();
  return {to.x - from.x, to.y - from.y};
}

io::Instance moved(io::Instance person, Point by) {
  person.box.x += by.x;
  person.box.y += by.y;
  for (io::Keypoint& keypoint : person.keypoints) {
    keypoint.x += by.x;
    keypoint.y += by.y;
  }
  return person;
}

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
