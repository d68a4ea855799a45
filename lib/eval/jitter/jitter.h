// SPDX-License-Identifier: Apache-2.0
#pragma once

// How much the joints of people accelerate from frame to frame, and where there are annotations,
// how far that is from the truth (SCORING 8c).

#include "eval/bootstrap/resampled.h"
#include "eval/evaluate.h"
#include "eval/input/record_matching.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vremd::eval {

// Accelerations in units per frame^2, summed over triples of frames.
struct Accelerations {
  double predicted = 0, truth = 0, error = 0;
};

struct JitterSum {
  Accelerations pixels, lengths;  // lengths: of the person
  std::int64_t triples = 0;       // of a joint in three consecutive frames

  bool empty() const { return triples == 0; }
  void add(const JitterSum& other, std::int64_t times);
};

// What is known of a joint of a person in a frame.
struct JointPlace {
  std::optional<Point> predicted, truth;
};

// A person in a frame.
struct JitterPose {
  std::map<std::string, JointPlace> joints;  // with truth: only annotated ones
  std::optional<double> length;
};

// Links the poses of a person in three consecutive frames.
class JitterMeter {
 public:
  // Without truth, a joint counts if it is predicted in three frames; with it, if it is annotated
  // in them.
  explicit JitterMeter(bool has_truth) : has_truth_(has_truth) {}

  void start() { recent_.clear(); }  // of another video or shot

  // The next frame of a person. Adds the triples that end here, by joint.
  void add(std::int64_t person, std::int64_t frame, JitterPose pose,
           std::map<std::string, JitterSum>& sums);

  // Triples that are not scored.
  std::int64_t unpredicted() const { return unpredicted_; }  // annotated ones
  std::int64_t without_length() const { return without_length_; }

 private:
  struct Seen {
    std::int64_t frame = -2;  // none
    JitterPose pose = {};
  };

  void score(const JitterPose& first, const JitterPose& middle, const JitterPose& last,
             std::map<std::string, JitterSum>& sums);

  bool has_truth_;
  std::map<std::int64_t, std::array<Seen, 2>> recent_;  // the last two frames of each person
  std::int64_t unpredicted_ = 0, without_length_ = 0;
};

struct Jitter {
  bool has_truth = false;
  std::map<std::string, JitterSum> joints;               // by name, pooled over persons
  std::vector<std::map<std::string, JitterSum>> frames;  // of each frame of the matching
  std::int64_t unpredicted = 0, without_length = 0;      // triples that are not scored
};

// People are linked by the annotated track; predictions belong to people as for PCK. Error: the
// annotations have no tracks.
Jitter jitter(const Matching& matching, PckLength length);

// Without annotations: people are linked by the track in the records. Error: there is none.
Jitter jitter(io::RecordStream& records, PckLength length);

// `unit_of`: the unit of each frame of the matching.
std::unique_ptr<const Resampled> resampled_jitter(const Jitter& scores,
                                                  std::span<const std::size_t> unit_of);

std::string jitter_text(const Jitter& scores, PckLength length);
Json jitter_json(const Jitter& scores, PckLength length);

}  // namespace vremd::eval
