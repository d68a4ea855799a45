// SPDX-License-Identifier: Apache-2.0
#include "track/tracker.h"

#include "core/assignment.h"

#include <algorithm>

namespace vremd::track {
namespace {

// Duplicate detections of one person reach this similarity, two people hardly ever.
constexpr double kSamePerson = 0.7;

}  // namespace

Tracker::Tracker(const TrackerConfig& config, const std::optional<JointSet>& joints)
    : config_(config), min_similarity_(config.similarity_for(joints)) {
  if (!joints) return;
  for (const std::string& joint : joints->joints) sigmas_.push_back(oks_sigma(joint));
}

void Tracker::assign(io::FrameRecord& frame) {
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
  return std::any_of(frame.instances.begin(), frame.instances.end(),
                     [&](const io::Instance& other) {
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
