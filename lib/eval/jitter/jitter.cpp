// SPDX-License-Identifier: Apache-2.0
#include "eval/jitter/jitter.h"

#include "core/enum_names.h"
#include "core/error.h"
#include "eval/bootstrap/resampled_rows.h"
#include "eval/pck/pck.h"
#include "eval/pose/joint_rows.h"

#include <cmath>
#include <utility>

namespace vremd::eval {
namespace {

Point acceleration(const Point& first, const Point& middle, const Point& last) {
  return {last.x - 2 * middle.x + first.x, last.y - 2 * middle.y + first.y};
}

double norm(const Point& v) { return std::hypot(v.x, v.y); }

Accelerations scaled(const Accelerations& a, double factor) {
  return {a.predicted * factor, a.truth * factor, a.error * factor};
}

void add(const Accelerations& from, Accelerations& to) {
  to.predicted += from.predicted;
  to.truth += from.truth;
  to.error += from.error;
}

// Of a person with a track, in a frame of the annotations.
JitterPose pose_of(const MatchedFrame& frame, const annotation::AnnotatedPerson& person,
                   int prediction, PckLength length) {
  JitterPose pose;
  pose.length = pck_length(person, *frame.truth_joints, length);
  for (const annotation::AnnotatedJoint& truth : person.joints) {
    if (!truth.labelled) continue;
    const std::string& name = frame.truth_joints->joints[static_cast<std::size_t>(truth.index)];
    JointPlace& place = pose.joints[name];
    place.truth = {truth.x, truth.y};
    const io::Keypoint* keypoint = frame.find_keypoint(prediction, name);
    if (keypoint && !io::is_absent(*keypoint)) place.predicted = {keypoint->x, keypoint->y};
  }
  return pose;
}

// Of a person in records.
JitterPose pose_of(const io::Instance& person, const JointSet& joints, PckLength length) {
  JitterPose pose;
  pose.length = pck_length(person, joints, length);
  for (std::size_t j = 0; j < person.keypoints.size(); ++j) {
    const io::Keypoint& keypoint = person.keypoints[j];
    if (!io::is_absent(keypoint))
      pose.joints[joints.joints[j]].predicted = {keypoint.x, keypoint.y};
  }
  return pose;
}

void pool(Jitter& scores) {
  for (const auto& frame : scores.frames) {
    for (const auto& [name, sum] : frame) scores.joints[name].add(sum, 1);
  }
}

double mean(double sum, std::int64_t triples) { return sum / static_cast<double>(triples); }

std::string means_text(const Accelerations& sums, const JitterSum& row, bool has_truth,
                       int decimals) {
  const auto cell = [&](double sum) {
    return row.empty() ? fmt::format("  {:>8}", "-")
                       : fmt::format("  {:>8.{}f}", mean(sum, row.triples), decimals);
  };
  return has_truth ? cell(sums.predicted) + cell(sums.truth) + cell(sums.error)
                   : cell(sums.predicted);
}

Json json_of(const Accelerations& sums, std::int64_t triples, bool has_truth) {
  const auto value = [&](double sum) { return triples ? Json(mean(sum, triples)) : Json(); };
  Json json{{"acceleration", value(sums.predicted)}};
  if (!has_truth) return json;
  json["truth"] = value(sums.truth);
  json["error"] = value(sums.error);
  return json;
}

Json json_of(const JitterSum& sum, bool has_truth) {
  return {{"pixels", json_of(sum.pixels, sum.triples, has_truth)},
          {"lengths", json_of(sum.lengths, sum.triples, has_truth)},
          {"triples", sum.triples}};
}

}  // namespace

void JitterSum::add(const JitterSum& other, std::int64_t times) {
  const auto factor = static_cast<double>(times);
  eval::add(scaled(other.pixels, factor), pixels);
  eval::add(scaled(other.lengths, factor), lengths);
  triples += other.triples * times;
}

void JitterMeter::add(std::int64_t person, std::int64_t frame, JitterPose pose,
                      std::map<std::string, JitterSum>& sums) {
  auto& [first, middle] = recent_[person];
  if (middle.frame == frame - 1 && first.frame == frame - 2) {
    score(first.pose, middle.pose, pose, sums);
  }
  first = std::exchange(middle, {frame, std::move(pose)});
}

void JitterMeter::score(const JitterPose& first, const JitterPose& middle, const JitterPose& last,
                        std::map<std::string, JitterSum>& sums) {
  for (const auto& [name, b] : middle.joints) {
    const auto before = first.joints.find(name), after = last.joints.find(name);
    if (before == first.joints.end() || after == last.joints.end()) continue;
    const JointPlace &a = before->second, &c = after->second;
    if (!middle.length) {
      ++without_length_;
      continue;
    }
    if (!a.predicted || !b.predicted || !c.predicted) {
      ++unpredicted_;
      continue;
    }
    const Point predicted = acceleration(*a.predicted, *b.predicted, *c.predicted);
    Accelerations pixels{norm(predicted)};
    if (has_truth_) {
      const Point truth = acceleration(*a.truth, *b.truth, *c.truth);
      pixels.truth = norm(truth);
      pixels.error = norm({predicted.x - truth.x, predicted.y - truth.y});
    }
    sums[name].add({pixels, scaled(pixels, 1 / *middle.length), 1}, 1);
  }
}

Jitter jitter(const Matching& matching, PckLength length) {
  Jitter result;
  result.has_truth = true;
  JitterMeter meter(true);
  const bool uses_ids = count_ids(matching).agree();
  const annotation::AnnotatedVideo* video = nullptr;
  std::optional<std::string> without_track;  // the place of the first person
  bool any_tracks = false;
  for (const MatchedFrame& frame : matching.frames) {
    if (std::exchange(video, frame.video) != frame.video) meter.start();
    const std::vector<int> assigned = assign_predictions(frame, uses_ids);
    auto& sums = result.frames.emplace_back();
    for (std::size_t i = 0; i < assigned.size(); ++i) {
      const annotation::AnnotatedPerson& person = frame.truth->persons[i];
      if (person.crowd) continue;
      if (!person.track) {
        if (!without_track) without_track = person.place;
        continue;
      }
      any_tracks = true;
      meter.add(*person.track, frame.truth->index, pose_of(frame, person, assigned[i], length),
                sums);
    }
  }
  if (without_track && !any_tracks) fail("{}: no track_id: jitter needs tracks", *without_track);
  result.unpredicted = meter.unpredicted();
  result.without_length = meter.without_length();
  pool(result);
  return result;
}

Jitter jitter(io::RecordStream& records, PckLength length) {
  Jitter result;
  JitterMeter meter(false);
  std::string name;
  bool any_people = false, any_tracks = false;
  while (const auto header = records.next_video()) {
    name = records.name();
    meter.start();
    while (const auto frame = records.next_frame()) {
      if (frame->cut) meter.start();
      for (const io::Instance& person : frame->instances) {
        any_people = true;
        if (!person.track || !header->joints) continue;
        any_tracks = true;
        meter.add(*person.track, frame->frame, pose_of(person, *header->joints, length),
                  result.joints);
      }
    }
  }
  if (any_people && !any_tracks) {
    fail("{}: no poses with tracks: jitter needs tracks (vremd-track)", name);
  }
  result.without_length = meter.without_length();
  return result;
}

std::unique_ptr<const Resampled> resampled_jitter(const Jitter& scores,
                                                  std::span<const std::size_t> unit_of) {
  using Rows = ResampledRows<JitterSum>;
  const std::vector<Rows::Figure> figures = {
      {"acceleration", [](const JitterSum& s) { return mean(s.lengths.predicted, s.triples); }},
      {"acceleration error", [](const JitterSum& s) { return mean(s.lengths.error, s.triples); }}};
  return std::make_unique<Rows>(scores.joints, scores.frames, unit_of, figures);
}

std::string jitter_text(const Jitter& scores, PckLength length) {
  const auto columns = [&](const std::string& unit) {
    return scores.has_truth ? fmt::format("  {:>8}  {:>8}  {:>8}", unit, "truth", "error")
                            : fmt::format("  {:>8}", unit);
  };
  std::string text = fmt::format(
      "acceleration per frame^2, in pixels and relative to {}\n{:<14}{}{}  {:>7}\n",
      name_of(length), "", columns("pixels"), columns(std::string(name_of(length))), "triples");
  for (const auto& [name, sum] : rows_of(scores.joints)) {
    text +=
        fmt::format("{:<14}{}{}  {:>7}\n", name, means_text(sum.pixels, sum, scores.has_truth, 3),
                    means_text(sum.lengths, sum, scores.has_truth, 5), sum.triples);
  }
  text += fmt::format("triples not scored: {} without the length", scores.without_length);
  if (scores.has_truth) text += fmt::format(", {} without predictions", scores.unpredicted);
  return text + "\n";
}

Json jitter_json(const Jitter& scores, PckLength length) {
  Json rows = Json::object(), joints = Json::object();
  for (const auto& [name, sum] : rows_of(scores.joints))
    rows[name] = json_of(sum, scores.has_truth);
  for (const auto& [name, sum] : scores.joints) joints[name] = json_of(sum, scores.has_truth);
  Json not_scored{{"without_length", scores.without_length}};
  if (scores.has_truth) not_scored["without_prediction"] = scores.unpredicted;
  return {{"length", name_of(length)},
          {"rows", rows},
          {"each_joint", joints},
          {"not_scored", not_scored}};
}

}  // namespace vremd::eval
