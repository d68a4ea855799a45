// SPDX-License-Identifier: Apache-2.0
#include "track/tracker.h"

#include "core/assignment.h"

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
  if (weights > 0) return sum / weights;
  return a.box.finite() && b.box.finite() ? iou(a.box, b.box) : 0;
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

Tracker::Tracker(const TrackerConfig& config, const std::optional<JointSet>& joints)
    : config_(config), min_similarity_(config.similarity_for(joints)) {
  if (!joints) return;
  for (const std::string& joint : joints->joints) sigmas_.push_back(oks_sigma(joint));
}

void Tracker::assign(io::FrameRecord& frame) {
  if (frame.cut) tracks_.clear();
  std::erase_if(tracks_,
                [&](const Track& track) { return frame.frame - track.frame > config_.max_age; });
  std::vector<io::Instance*> high_scored, low_scored;
  for (io::Instance& person : frame.instances) {
    person.track.reset();
    if (person_area(person) > 0) {
      (person.score >= config_.min_score ? high_scored : low_scored).push_back(&person);
    } else {
      ++untracked_;
    }
  }
  continue_tracks(high_scored, frame.frame);
  continue_tracks(low_scored, frame.frame);
  for (io::Instance* person : high_scored) {
    if (person->track || is_duplicate(*person, frame)) continue;
    person->track = next_id_++;
    tracks_.push_back({*person->track, frame.frame, *person, {}});
  }
}

bool Tracker::is_duplicate(const io::Instance& person, const io::FrameRecord& frame) const {
  return std::ranges::any_of(frame.instances, [&](const io::Instance& other) {
    return other.track && similarity(other, person, sigmas_) >= kSamePerson;
  });
}

void Tracker::continue_tracks(const std::vector<io::Instance*>& people, std::int64_t frame) {
  std::vector<Track*> waiting;
  std::vector<double> costs;
  for (Track& track : tracks_) {
    if (track.frame == frame) continue;
    waiting.push_back(&track);
    const io::Instance expected = moved(track.person, track.motion.after(frame - track.frame));
    for (const io::Instance* person : people) {
      // Dissimilar pairs cost 0, so that they never displace similar ones.
      const double value = similarity(expected, *person, sigmas_);
      costs.push_back(value >= min_similarity_ ? -value : 0);
    }
  }
  const std::vector<int> found = vremd::assign(costs, waiting.size(), people.size());
  for (std::size_t t = 0; t < waiting.size(); ++t) {
    if (found[t] < 0) continue;
    const auto p = static_cast<std::size_t>(found[t]);
    if (costs[t * people.size() + p] < 0) update(*waiting[t], *people[p], frame);
  }
}

void Tracker::update(Track& track, io::Instance& person, std::int64_t frame) {
  track.motion.observe(displacement(track.person, person), frame - track.frame);
  person.track = track.id;
  track.person = person;
  track.frame = frame;
}

}  // namespace vremd::track
