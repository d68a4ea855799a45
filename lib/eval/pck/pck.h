// SPDX-License-Identifier: Apache-2.0
#pragma once

// Percentage of correct keypoints (SCORING 8b): a joint is right within threshold · L of its
// annotation, where L is a length of the person.

#include "eval/bootstrap/resampled.h"
#include "eval/evaluate.h"
#include "eval/input/record_matching.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vremd::eval {

struct PckCount {
  std::int64_t right = 0, joints = 0;
  bool operator==(const PckCount&) const = default;
  void add(const PckCount& other, std::int64_t times) {
    right += other.right * times;
    joints += other.joints * times;
  }
  bool empty() const { return joints == 0; }
  double rate() const { return static_cast<double>(right) / static_cast<double>(joints); }
};

struct Pck {
  std::map<std::string, PckCount> joints;               // by name, pooled over persons
  std::vector<std::map<std::string, PckCount>> frames;  // the same of each frame of the matching
  std::int64_t scored = 0;                              // persons
  std::int64_t skipped = 0;             // persons without the length or any labelled joint
  std::int64_t without_prediction = 0;  // of those scored
  std::int64_t matched_by_id = 0, matched_by_box = 0;
  std::int64_t distant_ids = 0;           // not used, as the boxes' IoU is below 0.5
  bool uses_ids = true;                   // false: more than one in ten are distant
  std::set<std::string> never_predicted;  // annotated joints that no prediction has

  PckCount body() const;  // the 12 joints from the shoulders down, pooled

  // The lines of the report: each pair of limbs, "12 body joints", head, "all".
  std::vector<std::pair<std::string, PckCount>> rows() const;
};

// Empty if the person has no such length.
std::optional<double> pck_length(const annotation::AnnotatedPerson& person, const JointSet& joints,
                                 PckLength length);
std::optional<double> pck_length(const io::Instance& person, const JointSet& joints,
                                 PckLength length);

// For each person of a frame, the index of its prediction or -1: by `id` if it equals the
// annotation's (`by_id`) and the boxes' IoU is at least 0.5, the others greedily by IoU >= 0.5.
// Crowds get none.
std::vector<int> assign_predictions(const MatchedFrame& frame, bool by_id = true);

// Predictions with the id of a person of their frame, whose box matches the person's or not.
struct IdCounts {
  std::int64_t near = 0, far = 0;

  // False: the ids are those of another file.
  bool agree() const { return far * 10 <= near; }
};
IdCounts count_ids(const Matching& matching);

// Error: the predictions have no keypoints at all.
Pck pck(const Matching& matching, PckLength length, double threshold);

// `unit_of`: the unit of each frame of the matching.
std::unique_ptr<const Resampled> resampled_pck(const Pck& scores,
                                               std::span<const std::size_t> unit_of);

std::string pck_text(const Pck& scores, const EvalConfig& config);
Json pck_json(const Pck& scores, const EvalConfig& config);
void warn_of(const Pck& scores);

}  // namespace vremd::eval
