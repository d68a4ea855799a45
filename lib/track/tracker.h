// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"
#include "track/motion.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace vremd::track {

constexpr double kMinOks = 0.3, kMinIou = 0.2;

struct TrackerConfig {
  double min_score = 0.4;  // of a person that begins a track; lower ones only continue
  // Of the expected person and the found one (association.h). Nothing: kMinOks in a video with
  // joints, kMinIou in one of boxes alone.
  std::optional<double> min_similarity = std::nullopt;
  int max_age = 15;  // frames since it was last seen, after which a track ends

  double similarity_for(const std::optional<JointSet>& joints) const {
    return min_similarity.value_or(joints ? kMinOks : kMinIou);
  }
};

// Gives the people of one video track numbers, frame by frame: each track expects its person where
// constant velocity leads, and the assignment with the greatest sum of similarities continues the
// tracks; first with the people that reach the score, then with the others (ByteTrack, ECCV 2022).
// Numbers count from 1 and are not used again. Equal frames give equal numbers.
//
// Memory is that of the tracks that have not ended: it does not grow with the video.
class Tracker {
 public:
  Tracker(const TrackerConfig& config, const std::optional<JointSet>& joints);

  // Sets `track` of everybody in the frame, or takes it away: from low scores, from a second find
  // of somebody who has a track, and from those without an area (person_area()), whom nothing can
  // be compared with. Frames come in order.
  void assign(io::FrameRecord& frame);

  std::int64_t tracks() const { return next_id_ - 1; }   // begun so far
  std::int64_t untracked() const { return untracked_; }  // people without an area so far

 private:
  struct Track {
    std::int64_t id = 0, frame = 0;  // frame: when it was last seen
    io::Instance person;             // as it was then
    Motion motion;
  };

  bool is_second_find(const io::Instance& person, const io::FrameRecord& frame) const;
  void continue_tracks(const std::vector<io::Instance*>& people, std::int64_t frame);
  static void see(Track& track, io::Instance& person, std::int64_t frame);

  TrackerConfig config_;
  double min_similarity_;
  std::vector<double> sigmas_;  // of the joints
  std::vector<Track> tracks_;   // in the order of their beginning
  std::int64_t next_id_ = 1, untracked_ = 0;
};

}  // namespace vremd::track
