// SPDX-License-Identifier: Apache-2.0
#include "eval/pck/pck.h"

#include "core/assignment.h"
#include "core/enum_names.h"
#include "core/error.h"
#include "core/log.h"
#include "eval/evaluate.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace vremd::eval {
namespace {

constexpr double kSamePerson = 0.5;  // IoU

// An id may be that of another file's annotation, so the boxes have to match as well.
bool same_place(const annotation::AnnotatedPerson& person, const io::Instance& prediction) {
  return !person.box || iou(*person.box, prediction.box) >= kSamePerson;
}

// The distance between two labelled joints; 0 where one is missing.
double span(const annotation::AnnotatedPerson& person, const JointSet& joints,
            std::string_view from, std::string_view to) {
  const int i = joints.index(from), j = joints.index(to);
  const annotation::AnnotatedJoint* a = i < 0 ? nullptr : person.find(i);
  const annotation::AnnotatedJoint* b = j < 0 ? nullptr : person.find(j);
  if (!a || !b || !a->labelled || !b->labelled) return 0;
  return std::hypot(a->x - b->x, a->y - b->y);
}

// The keypoint of that name, if the prediction has it.
const io::Keypoint* find_keypoint(const MatchedFrame& frame, int prediction,
                                  std::string_view joint) {
  if (prediction < 0 || !frame.joints) return nullptr;
  const auto& keypoints = frame.predictions[prediction].keypoints;
  const int index = frame.joints->index(joint);
  if (index < 0 || keypoints.empty()) return nullptr;
  const io::Keypoint& keypoint = keypoints[index];
  return std::isfinite(keypoint.x) && std::isfinite(keypoint.y) ? &keypoint : nullptr;
}

void score_person(const MatchedFrame& frame, const annotation::AnnotatedPerson& person,
                  int prediction, double tolerance, std::map<std::string, PckCount>& joints) {
  const auto& names = frame.truth_joints->joints;
  for (const annotation::AnnotatedJoint& truth : person.joints) {
    if (!truth.labelled) continue;
    const std::string& name = names[static_cast<std::size_t>(truth.index)];
    PckCount& count = joints[name];
    ++count.joints;
    const io::Keypoint* keypoint = find_keypoint(frame, prediction, name);
    if (keypoint && std::hypot(keypoint->x - truth.x, keypoint->y - truth.y) <= tolerance) {
      ++count.right;
    }
  }
}

void add_counts(const std::map<std::string, PckCount>& from, std::map<std::string, PckCount>& to) {
  for (const auto& [name, count] : from) to[name].add(count, 1);
}

constexpr std::array kBodyPairs = {"shoulder", "elbow", "wrist", "hip", "knee", "ankle"};

PckCount pooled(const std::map<std::string, PckCount>& joints,
                const std::vector<std::string>& names) {
  PckCount sum;
  for (const std::string& name : names) {
    const auto found = joints.find(name);
    if (found == joints.end()) continue;
    sum.add(found->second, 1);
  }
  return sum;
}

Json json_of(const PckCount& count) {
  return {{"pck", count.joints ? Json(count.rate()) : Json()},
          {"right", count.right},
          {"joints", count.joints}};
}

}  // namespace

std::optional<double> pck_length(const annotation::AnnotatedPerson& person, const JointSet& joints,
                                 PckLength length) {
  double value = 0;
  if (length == PckLength::kTorso) {
    value = std::fmax(span(person, joints, "left_shoulder", "right_hip"),
                      span(person, joints, "right_shoulder", "left_hip"));
  } else if (length == PckLength::kHead && person.head) {
    value = 0.6 * std::hypot(person.head->box.w, person.head->box.h);
  } else if (length == PckLength::kBox && person.box) {
    value = std::fmax(person.box->w, person.box->h);
  }
  if (!(value > 0)) return std::nullopt;
  return value;
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

namespace {

// Predictions with a person's id, whose box matches the person's or not.
std::pair<std::int64_t, std::int64_t> count_ids(const Matching& matching) {
  std::int64_t near = 0, far = 0;
  for (const MatchedFrame& frame : matching.frames) {
    for (const annotation::AnnotatedPerson& person : frame.truth->persons) {
      for (const io::Instance& one : frame.predictions) {
        if (person.id && one.id == person.id) ++(same_place(person, one) ? near : far);
      }
    }
  }
  return {near, far};
}

}  // namespace

Pck pck(const Matching& matching, PckLength length, double threshold) {
  Pck result;
  std::set<std::string> predicted;
  bool any_instances = false;
  const auto [near, far] = count_ids(matching);
  constexpr std::int64_t kMostFar = 10;  // of so many
  result.distant_ids = far;
  result.uses_ids = far * kMostFar <= near;
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

class ResampledPck : public Resampled {
 public:
  ResampledPck(const Pck& scores, std::span<const std::size_t> unit_of) : all_(scores.joints) {
    for (const auto& [name, count] : all_) joints_.push_back(name);
    for (std::size_t f = 0; f < unit_of.size(); ++f) {
      if (unit_of[f] >= counts_.size()) counts_.resize(unit_of[f] + 1);
      std::vector<PckCount>& counts = counts_[unit_of[f]];
      counts.resize(joints_.size());
      for (std::size_t j = 0; j < joints_.size(); ++j) {
        const auto found = scores.frames[f].find(joints_[j]);
        if (found != scores.frames[f].end()) counts[j].add(found->second, 1);
      }
    }
  }

  std::size_t units() const override { return counts_.size(); }

  std::vector<FigureName> names() const override {
    std::vector<FigureName> names;
    for (const auto& [name, count] : rows_of(all_)) names.push_back({"PCK " + name, 4});
    return names;
  }

  std::vector<double> figures(std::span<const std::uint32_t> times) const override {
    std::vector<PckCount> sums(joints_.size());
    for (std::size_t u = 0; u < counts_.size(); ++u) {
      for (std::size_t j = 0; j < sums.size(); ++j) sums[j].add(counts_[u][j], times[u]);
    }
    std::map<std::string, PckCount> joints;
    for (std::size_t j = 0; j < sums.size(); ++j) joints[joints_[j]] = sums[j];
    const auto rows = rows_of(joints);
    std::vector<double> figures;
    for (const auto& [name, count] :
         rows_of(all_)) {  // rows of joints that nobody has are left out
      const auto found = std::ranges::find(rows, name, &std::pair<std::string, PckCount>::first);
      figures.push_back(found == rows.end() ? std::nan("") : found->second.rate());
    }
    return figures;
  }

 private:
  static std::vector<std::pair<std::string, PckCount>> rows_of(
      const std::map<std::string, PckCount>& joints) {
    Pck pck;
    pck.joints = joints;
    return pck.rows();
  }

  std::map<std::string, PckCount> all_;
  std::vector<std::string> joints_;
  std::vector<std::vector<PckCount>> counts_;  // of each unit and joint
};

std::unique_ptr<const Resampled> resampled_pck(const Pck& scores,
                                               std::span<const std::size_t> unit_of) {
  return std::make_unique<ResampledPck>(scores, unit_of);
}

PckCount Pck::body() const {
  std::vector<std::string> names;
  for (const std::string name : kBodyPairs) {
    names.insert(names.end(), {"left_" + name, "right_" + name});
  }
  return pooled(joints, names);
}

std::vector<std::pair<std::string, PckCount>> Pck::rows() const {
  const auto pair_of = [this](const std::string& name) {
    return pooled(joints, {"left_" + name, "right_" + name});
  };
  std::vector<std::pair<std::string, PckCount>> rows;
  for (const char* name : kBodyPairs) rows.emplace_back(name, pair_of(name));
  rows.emplace_back("12 body joints", body());
  for (const char* name : {"head_bottom", "head_top", "nose"}) {
    rows.emplace_back(name, pooled(joints, {name}));
  }
  // Only some data sets annotate these.
  for (const char* name : {"ear", "eye"}) {
    const PckCount count = pair_of(name);
    if (count.joints > 0) rows.emplace_back(name, count);
  }
  std::vector<std::string> all;
  for (const auto& [name, count] : joints) all.push_back(name);
  rows.emplace_back("all", pooled(joints, all));
  return rows;
}

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
