// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/clear_mot.h"

#include "core/assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace vremd::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A frame of one joint: objects are the annotated, hypotheses the predicted tracks.
struct MotFrame {
  std::vector<std::int64_t> objects, hypotheses;
  std::vector<double> distances;  // objects x hypotheses, NaN if the pair is impossible
  std::vector<bool> object_done = std::vector<bool>(objects.size());
  std::vector<bool> hypothesis_done = std::vector<bool>(hypotheses.size());

  double& distance(std::size_t i, std::size_t j) { return distances[i * hypotheses.size() + j]; }
};

// py-motmetrics' accumulator of one joint in one sequence (SCORING 5.4).
class Accumulator {
 public:
  explicit Accumulator(MotCompat compat) : compat_(compat) {}

  void update(MotFrame frame) {
    ++frame_;
    counts_.objects += static_cast<std::int64_t>(frame.objects.size());
    if (compat_ != MotCompat::k102) {
      for (const double d : frame.distances) counts_.distances += std::isnan(d) ? 0 : d;  // RAW
    }
    keep_pairs(frame);
    for (std::size_t i = 0; i < frame.objects.size(); ++i) {
      for (std::size_t j = 0; j < frame.hypotheses.size(); ++j) {
        if (frame.object_done[i] || frame.hypothesis_done[j]) frame.distance(i, j) = kNaN;
      }
    }
    new_pairs(frame);
    counts_.misses += std::count(frame.object_done.begin(), frame.object_done.end(), false);
    counts_.false_positives +=
        std::count(frame.hypothesis_done.begin(), frame.hypothesis_done.end(), false);
  }

  const MotCounts& counts() const { return counts_; }

 private:
  struct Match {
    std::int64_t hypothesis, frame;
  };

  // Pairs of earlier frames that are still possible.
  void keep_pairs(MotFrame& frame) {
    for (std::size_t i = 0; i < frame.objects.size(); ++i) {
      const auto last = last_.find(frame.objects[i]);
      if (last == last_.end()) continue;
      if (compat_ == MotCompat::k140 && last->second.frame != frame_ - 1) continue;
      for (std::size_t j = 0; j < frame.hypotheses.size(); ++j) {
        if (frame.hypothesis_done[j] || frame.hypotheses[j] != last->second.hypothesis) continue;
        if (!std::isnan(frame.distance(i, j))) take(frame, i, j);
        break;
      }
    }
  }

  void new_pairs(MotFrame& frame) {
    const std::vector<int> column =
        assign(costs(frame.distances), frame.objects.size(), frame.hypotheses.size());
    for (std::size_t i = 0; i < frame.objects.size(); ++i) {
      if (column[i] < 0) continue;
      const std::size_t j = static_cast<std::size_t>(column[i]);
      const double distance = frame.distance(i, j);
      if (std::isnan(distance)) continue;
      const std::int64_t object = frame.objects[i], hypothesis = frame.hypotheses[j];
      const auto last = last_.find(object);
      const bool known = last != last_.end();
      const bool is_switch = known && last->second.hypothesis != hypothesis;
      counts_.switches += is_switch;
      if (compat_ != MotCompat::k102) {
        const auto owner = owner_.find(hypothesis);
        const bool ascend = is_switch && !seen_.contains(hypothesis);
        const bool transfer = owner != owner_.end() && owner->second != object;
        const bool migrate = transfer && !known;
        counts_.distances += (ascend + transfer + migrate) * distance;
      }
      owner_[hypothesis] = object;
      take(frame, i, j);
    }
  }

  // The matrix to solve. Version 1.0.2 made impossible pairs only a little more expensive than the
  // others, so that they may be assigned; such pairs are dropped.
  std::vector<double> costs(const std::vector<double>& distances) const {
    double largest = -1;
    for (const double d : distances) largest = std::isnan(d) ? largest : std::max(largest, d);
    const double forbidden = compat_ != MotCompat::k102 ? kForbidden : 2 * largest + 1;
    std::vector<double> result = distances;
    for (double& d : result) d = std::isnan(d) ? forbidden : d;
    return result;
  }

  void take(MotFrame& frame, std::size_t i, std::size_t j) {
    frame.object_done[i] = frame.hypothesis_done[j] = true;
    last_[frame.objects[i]] = {frame.hypotheses[j], frame_};
    seen_.insert(frame.hypotheses[j]);
    ++counts_.detections;
    counts_.distances += frame.distance(i, j);
  }

  MotCompat compat_;
  MotCounts counts_;
  std::int64_t frame_ = 0;
  std::unordered_map<std::int64_t, Match> last_;          // of each object
  std::unordered_map<std::int64_t, std::int64_t> owner_;  // object of a hypothesis' last new pair
  std::unordered_set<std::int64_t> seen_;                 // hypotheses matched so far
};

MotFrame mot_frame(const ScoredFrame& frame, int joint) {
  if (frame.truth.empty() || frame.predicted.empty()) return {{0}, {0}, {kNaN}};  // as officially
  std::vector<std::int64_t> objects, hypotheses;
  std::vector<double> distances;
  for (const ScoredPose& predicted : frame.predicted) {
    if (predicted.has[joint]) hypotheses.push_back(predicted.track);
  }
  for (const ScoredPose& truth : frame.truth) {
    if (!truth.has[joint]) continue;
    objects.push_back(truth.track);
    for (const ScoredPose& predicted : frame.predicted) {
      if (!predicted.has[joint]) continue;
      const double distance = joint_distance(predicted, truth, joint);
      distances.push_back(distance <= kPckThreshold ? distance : kNaN);
    }
  }
  return {objects, hypotheses, distances};
}

double percent(double part, double whole) { return whole == 0 ? kNaN : 100 * (part / whole); }

}  // namespace

void MotCounts::add(const MotCounts& other) {
  objects += other.objects;
  detections += other.detections;
  misses += other.misses;
  switches += other.switches;
  false_positives += other.false_positives;
  distances += other.distances;
}

PoseMotCounts count_mot(std::span<const ScoredFrame> frames, MotCompat compat) {
  PoseMotCounts counts;
  for (int joint = 0; joint < kPoseJoints; ++joint) {
    Accumulator accumulator(compat);
    for (std::size_t k = 0; k + 1 < frames.size(); ++k) {
      accumulator.update(mot_frame(frames[k], joint));
    }
    counts[joint] = accumulator.counts();
  }
  return counts;
}

PoseMot pose_mot(const PoseMotCounts& counts) {
  PoseMot result;
  for (int i = 0; i < kPoseJoints; ++i) {
    const MotCounts& c = counts[i];
    const auto objects = static_cast<double>(c.objects);
    const auto detections = static_cast<double>(c.detections);
    const auto errors = static_cast<double>(c.misses + c.switches + c.false_positives);
    result.mota[i] = objects == 0 ? kNaN : 100 * (1 - errors / objects);
    result.motp[i] = detections == 0 ? 0 : 100 * (1 - c.distances / detections);
    result.pre[i] = percent(detections, detections + static_cast<double>(c.false_positives));
    result.rec[i] = percent(detections, objects);
  }
  for (JointValues* values : {&result.mota, &result.motp, &result.pre, &result.rec}) {
    values->back() = mean_of_numbers({values->data(), kPoseJoints});
  }
  return result;
}

}  // namespace vremd::eval
