// SPDX-License-Identifier: Apache-2.0
#include "eval/pck/pck.h"

#include "core/assignment.h"
#include "core/enum_names.h"
#include "core/error.h"
#include "core/log.h"
#include "eval/bootstrap/resampled_rows.h"
#include "eval/evaluate.h"
#include "eval/pose/joint_rows.h"

#include <algorithm>
#include <cmath>

namespace vremd::eval {
namespace {

constexpr double kSamePerson = 0.5;  // IoU

// An id may be that of another file's annotation, so the boxes have to match as well.
bool same_place(const annotation::AnnotatedPerson& person, const io::Instance& prediction) {
  return !person.box || iou(*person.box, prediction.box) >= kSamePerson;
}

// `place_of`: the place of a joint, if it has one, by name.
template <typename PlaceOf>
std::optional<double> length_of(PckLength length, const PlaceOf& place_of,
                                const std::optional<Box>& head, const std::optional<Box>& box) {
  const auto span = [&](std::string_view from, std::string_view to) {
    const std::optional<Point> a = place_of(from), b = place_of(to);
    return a && b ? std::hypot(a->x - b->x, a->y - b->y) : 0;
  };
  double value = 0;
  if (length == PckLength::kTorso) {
    value = std::fmax(span("left_shoulder", "right_hip"), span("right_shoulder", "left_hip"));
  } else if (length == PckLength::kHead && head) {
    value = 0.6 * std::hypot(head->w, head->h);
  } else if (length == PckLength::kBox && box) {
    value = std::fmax(box->w, box->h);
  }
  if (!(value > 0)) return std::nullopt;
  return value;
}

void score_person(const MatchedFrame& frame, const annotation::AnnotatedPerson& person,
                  int prediction, double tolerance, std::map<std::string, PckCount>& joints) {
  const auto& names = frame.truth_joints->joints;
  for (const annotation::AnnotatedJoint& truth : person.joints) {
    if (!truth.labelled) continue;
    const std::string& name = names[static_cast<std::size_t>(truth.index)];
    PckCount& count = joints[name];
    ++count.joints;
    const io::Keypoint* keypoint = frame.find_keypoint(prediction, name);
    if (keypoint && std::hypot(keypoint->x - truth.x, keypoint->y - truth.y) <= tolerance) {
      ++count.right;
    }
  }
}

void add_counts(const std::map<std::string, PckCount>& from, std::map<std::string, PckCount>& to) {
  for (const auto& [name, count] : from) to[name].add(count, 1);
}

Json json_of(const PckCount& count) {
  return {{"pck", count.joints ? Json(count.rate()) : Json()},
          {"right", count.right},
          {"joints", count.joints}};
}

}  // namespace

std::optional<double> pck_length(const annotation::AnnotatedPerson& person, const JointSet& joints,
                                 PckLength length) {
  const auto place_of = [&](std::string_view name) -> std::optional<Point> {
    const int index = joints.index(name);
    const annotation::AnnotatedJoint* joint = index < 0 ? nullptr : person.find(index);
    if (!joint || !joint->labelled) return std::nullopt;
    return Point{joint->x, joint->y};
  };
  const auto head = person.head ? std::optional(person.head->box) : std::nullopt;
  return length_of(length, place_of, head, person.box);
}

std::optional<double> pck_length(const io::Instance& person, const JointSet& joints,
                                 PckLength length) {
  const auto place_of = [&](std::string_view name) -> std::optional<Point> {
    const int index = joints.index(name);
    if (index < 0 || person.keypoints.empty()) return std::nullopt;
    const io::Keypoint& keypoint = person.keypoints[static_cast<std::size_t>(index)];
    if (io::is_absent(keypoint)) return std::nullopt;
    return Point{keypoint.x, keypoint.y};
  };
  return length_of(length, place_of, person.head_box, person.box);
}

std::vector<int> assign_predictions(const MatchedFrame& frame, bool by_id) {
  const auto& persons = frame.truth->persons;
  const auto& predictions = frame.predictions;
  std::vector<int> assigned(persons.size(), -1);
  std::vector<bool> used(predictions.size(), false);
  for (std::size_t i = 0; i < persons.size(); ++i) {
    if (!by_id || !persons[i].id) continue;
    for (std::size_t k = 0; k < predictions.size(); ++k) {
      if (predictions[k].id != persons[i].id || !same_place(persons[i], predictions[k])) continue;
      used[k] = true;
      if (assigned[i] >= 0) {
        fail("video {}: frame {}: duplicate id {}", excerpt(frame.video->id), frame.truth->index,
             *persons[i].id);
      }
      assigned[i] = static_cast<int>(k);
    }
    if (persons[i].crowd) assigned[i] = -1;
  }

  const auto overlap = [&](std::size_t i, std::size_t k) {
    const bool free = assigned[i] < 0 && !persons[i].crowd && persons[i].box && !used[k];
    return free ? iou(*persons[i].box, predictions[k].box) : 0;
  };
  for (const auto& [i, k] :
       assign_greedily(persons.size(), predictions.size(), kSamePerson, overlap)) {
    assigned[i] = static_cast<int>(k);
  }
  return assigned;
}

IdCounts count_ids(const Matching& matching) {
  IdCounts ids;
  for (const MatchedFrame& frame : matching.frames) {
    for (const annotation::AnnotatedPerson& person : frame.truth->persons) {
      for (const io::Instance& one : frame.predictions) {
        if (person.id && one.id == person.id) ++(same_place(person, one) ? ids.near : ids.far);
      }
    }
  }
  return ids;
}

Pck pck(const Matching& matching, PckLength length, double threshold) {
  Pck result;
  std::set<std::string> predicted;
  bool any_instances = false;
  const IdCounts ids = count_ids(matching);
  result.distant_ids = ids.far;
  result.uses_ids = ids.agree();
  for (const MatchedFrame& frame : matching.frames) {
    result.frames.emplace_back();
    any_instances |= !frame.predictions.empty();
    if (frame.joints) predicted.insert(frame.joints->joints.begin(), frame.joints->joints.end());
    const std::vector<int> assigned = assign_predictions(frame, result.uses_ids);
    for (std::size_t i = 0; i < assigned.size(); ++i) {
      const annotation::AnnotatedPerson& person = frame.truth->persons[i];
      if (person.crowd) continue;
      const auto unit = pck_length(person, *frame.truth_joints, length);
      if (!unit || std::ranges::none_of(person.joints, &annotation::AnnotatedJoint::labelled)) {
        ++result.skipped;
        continue;
      }
      ++result.scored;
      if (assigned[i] < 0) {
        ++result.without_prediction;
      } else {
        const io::Instance& prediction = frame.predictions[assigned[i]];
        const bool by_id = result.uses_ids && prediction.id && prediction.id == person.id;
        ++(by_id ? result.matched_by_id : result.matched_by_box);
      }
      score_person(frame, person, assigned[i], threshold * *unit, result.frames.back());
    }
    add_counts(result.frames.back(), result.joints);
  }
  if (any_instances && predicted.empty()) {
    fail("{}: the records have no keypoints: PCK needs poses", matching.records);
  }
  for (const auto& [name, count] : result.joints) {
    if (!predicted.contains(name)) result.never_predicted.insert(name);
  }
  return result;
}

std::unique_ptr<const Resampled> resampled_pck(const Pck& scores,
                                               std::span<const std::size_t> unit_of) {
  using Rows = ResampledRows<PckCount>;
  const Rows::Figure rate{"PCK", [](const PckCount& count) { return count.rate(); }};
  return std::make_unique<Rows>(scores.joints, scores.frames, unit_of, std::vector{rate});
}

PckCount Pck::body() const { return pooled(joints, body_joints()); }

std::vector<std::pair<std::string, PckCount>> Pck::rows() const { return rows_of(joints); }

std::string pck_text(const Pck& scores, const EvalConfig& config) {
  std::string text = fmt::format("PCK@{} of {}\n{:<14}  {:>6}  {:>7}  {:>7}\n", config.threshold,
                                 name_of(*config.pck), "", "PCK", "right", "joints");
  for (const auto& [name, count] : scores.rows()) {
    const std::string rate = count.joints ? fmt::format("{:.4f}", count.rate()) : "-";
    text += fmt::format("{:<14}  {:>6}  {:>7}  {:>7}\n", name, rate, count.right, count.joints);
  }
  return text + fmt::format("persons: {} scored, {} skipped, {} without prediction\n",
                            scores.scored, scores.skipped, scores.without_prediction);
}

Json pck_json(const Pck& scores, const EvalConfig& config) {
  Json rows = Json::object(), joints = Json::object();
  for (const auto& [name, count] : scores.rows()) rows[name] = json_of(count);
  for (const auto& [name, count] : scores.joints) joints[name] = json_of(count);
  return {{"length", name_of(*config.pck)},
          {"threshold", config.threshold},
          {"rows", rows},
          {"each_joint", joints},
          {"persons",
           {{"scored", scores.scored},
            {"skipped", scores.skipped},
            {"without_prediction", scores.without_prediction},
            {"matched_by_id", scores.matched_by_id},
            {"matched_by_box", scores.matched_by_box},
            {"distant_ids", scores.distant_ids},
            {"uses_ids", scores.uses_ids}}},
          {"never_predicted", scores.never_predicted}};
}

void warn_of(const Pck& scores) {
  warn_never_predicted({scores.never_predicted.begin(), scores.never_predicted.end()});
  if (scores.distant_ids) {
    log_warning("{} ids match, but their boxes do not: {}", scores.distant_ids,
                scores.uses_ids ? "matched by box" : "all are matched by box");
  }
}

}  // namespace vremd::eval
