// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace vremd::track {

// A keypoint with a position and a score above 0.
bool usable(const io::Keypoint& keypoint);

// The area of the box, in square pixels, or if it has none, of the rectangle around the usable
// keypoints. 0: neither; the person cannot be compared.
double person_area(const io::Instance& person);

// 0...1. OKS (SCORING 8) over the shared joints with the mean of the two areas, each joint weighted
// with the lower of its two scores; without shared joints, IoU of the boxes. `sigmas`: oks_sigma()
// of each joint.
double similarity(const io::Instance& a, const io::Instance& b, const std::vector<double>& sigmas);

// The person's displacement from `a` to `b`: the mean over the shared joints, weighted likewise,
// else that of the box's centre. May not be finite.
Point displacement(const io::Instance& a, const io::Instance& b);

io::Instance moved(io::Instance person, Point by);

// Constant-velocity prediction.
//
// The velocity is the mean of the observed steps after two steps at rest, so that the first step,
// which may be noise, has weight 1/3; after eight steps it is an exponential mean with weight 0.1,
// close to the steady state of SORT's Kalman filter.
class Motion {
 public:
  void observe(Point by, std::int64_t frames);  // moved by that many pixels; skipped if not finite
  Point after(std::int64_t frames) const;       // the expected displacement

 private:
  Point velocity_;  // pixels per frame
  std::int64_t steps_ = 0;
};

constexpr double kMinOks = 0.3, kMinIou = 0.2;

// Duplicate detections of one person reach this similarity, two people hardly ever.
constexpr double kSamePerson = 0.7;

struct TrackerConfig {
  double min_score = 0.4;  // of a person that starts a track; lower ones only continue tracks
  // Of the expected and the detected person (similarity()). Nothing: kMinOks in a video with
  // joints, kMinIou in one with boxes only.
  std::optional<double> min_similarity = std::nullopt;
  int max_age = 15;  // a track ends after this many frames without its person

  double similarity_for(const std::optional<JointSet>& joints) const {
    return min_similarity.value_or(joints ? kMinOks : kMinIou);
  }
};

// Assigns track numbers to the people of one video, frame by frame: each track predicts its person
// with constant velocity, and the assignment with the greatest sum of similarities continues the
// tracks; first with the people that reach min_score, then with the others (ByteTrack, ECCV 2022).
// Numbers start at 1 and are not reused. Deterministic.
//
// Memory is proportional to the number of live tracks.
class Tracker {
 public:
  Tracker(const TrackerConfig& config, const std::optional<JointSet>& joints);

  // Sets or clears `track` of every person in the frame. It is cleared for unmatched low scores,
  // duplicates of a person with a track, and people without an area (person_area()). Frames must
  // be in order.
  // A cut ends all tracks.
  void assign(io::FrameRecord& frame);

  std::int64_t tracks() const { return next_id_ - 1; }   // started so far
  std::int64_t untracked() const { return untracked_; }  // people without an area so far

 private:
  struct Track {
    std::int64_t id = 0, frame = 0;  // frame: last seen
    io::Instance person;             // in that frame
    Motion motion;
  };

  bool is_duplicate(const io::Instance& person, const io::FrameRecord& frame) const;
  void continue_tracks(const std::vector<io::Instance*>& people, std::int64_t frame);
  static void update(Track& track, io::Instance& person, std::int64_t frame);

  TrackerConfig config_;
  double min_similarity_;
  std::vector<double> sigmas_;  // of the joints
  std::vector<Track> tracks_;   // in the order of their start
  std::int64_t next_id_ = 1, untracked_ = 0;
};

}  // namespace vremd::track
