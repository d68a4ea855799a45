// SPDX-License-Identifier: Apache-2.0
#include "track/tracker.h"

#include "core/assignment.h"
#include "track/association.h"

namespace vremd {

Tracker::Tracker(const TrackerConfig& config, const std::optional<JointSet>& joints)
    : config_(config) {
  if (!joints) return;
  for (const std::string& joint : joints->joints) sigmas_.push_back(oks_sigma(joint));
}

void Tracker::assign(FrameRecord& frame) {
  std::erase_if(tracks_, [&](const Track& one) { return frame.frame - one.frame > config_.max_age; });
  const std::vector<Instance*> people = comparable(frame);

  // Pairs that are not alike count nothing, so that they never stand in the way of one that is.
  std::vector<double> costs;
  for (const Track& track : tracks_) {
    const Instance expected = moved(track.person, track.motion.after(frame.frame - track.frame));
    for (const Instance* person : people) {
      const double alike = similarity(expected, *person, sigmas_);
      costs.push_back(alike >= config_.min_similarity ? -alike : 0);
    }
  }
  const std::vector<int> found = vremd::assign(costs, tracks_.size(), people.size());
  for (std::size_t t = 0; t < found.size(); ++t) {
    if (found[t] < 0 || costs[t * people.size() + static_cast<std::size_t>(found[t])] == 0) continue;
    see(tracks_[t], *people[static_cast<std::size_t>(found[t])], frame.frame);
  }

  for (Instance* person : people) {
    if (person->track || !(person->score >= config_.min_score)) continue;
    person->track = next_id_++;
    tracks_.push_back({*person->track, frame.frame, *person, {}});
  }
}

// Those whom a similarity is defined for. Nobody has a track any more.
std::vector<Instance*> Tracker::comparable(FrameRecord& frame) {
  std::vector<Instance*> people;
  for (Instance& person : frame.instances) {
    person.track.reset();
    if (person_area(person) > 0) {
      people.push_back(&person);
    } else {
      ++shapeless_;
    }
  }
  return people;
}

void Tracker::see(Track& track, Instance& person, std::int64_t frame) const {
  track.motion.observe(displacement(track.person, person), frame - track.frame);
  person.track = track.id;
  track.person = person;
  track.frame = frame;
}

}  // namespace vremd
