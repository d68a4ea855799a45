// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/clear_mot.h"

#include "core/assignment.h"
#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace vremd::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// py-motmetrics' accumulator of one joint in one sequence (EVAL 5.4): objects are the annotated,
// hypotheses the predicted ones.
class Accumulator {
 public:
  explicit Accumulator(MotCompat compat) : compat_(compat) {}

  // `distances`: row by row, NaN where the pair cannot be.
  void update(const std::vector<std::int64_t>& objects, const std::vector<std::int64_t>& hypotheses,
              std::vector<double> distances) {
    ++frame_;
    counts_.objects += static_cast<std::int64_t>(objects.size());
    if (compat_ != MotCompat::k102) {
      for (const double d : distances) counts_.distances += std::isnan(d) ? 0 : d;  // RAW events
    }
    std::vector<bool> object_done(objects.size()), hypothesis_done(hypotheses.size());
    keep_pairs(objects, hypotheses, distances, object_done, hypothesis_done);
    for (std::size_t i = 0; i < objects.size(); ++i) {
      for (std::size_t j = 0; j < hypotheses.size(); ++j) {
        if (object_done[i] || hypothesis_done[j]) distances[i * hypotheses.size() + j] = kNaN;
      }
    }
    new_pairs(objects, hypotheses, distances, object_done, hypothesis_done);
    counts_.misses += std::count(object_done.begin(), object_done.end(), false);
    counts_.false_positives += std::count(hypothesis_done.begin(), hypothesis_done.end(), false);
  }

  const MotCounts& counts() const { return counts_; }

 private:
  struct Match {
    std::int64_t hypothesis, frame;
  };

  // What belonged together still does, where it can.
  void keep_pairs(const std::vector<std::int64_t>& objects,
                  const std::vector<std::int64_t>& hypotheses, const std::vector<double>& distances,
                  std::vector<bool>& object_done, std::vector<bool>& hypothesis_done) {
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const auto last = last_.find(objects[i]);
      if (last == last_.end()) continue;
      if (compat_ == MotCompat::k140 && last->second.frame != frame_ - 1) continue;
      for (std::size_t j = 0; j < hypotheses.size(); ++j) {
        if (hypothesis_done[j] || hypotheses[j] != last->second.hypothesis) continue;
        const double distance = distances[i * hypotheses.size() + j];
        if (!std::isnan(distance)) {
          object_done[i] = hypothesis_done[j] = true;
          take(objects[i], hypotheses[j], distance);
        }
        break;
      }
    }
  }

  void new_pairs(const std::vector<std::int64_t>& objects,
                 const std::vector<std::int64_t>& hypotheses, const std::vector<double>& distances,
                 std::vector<bool>& object_done, std::vector<bool>& hypothesis_done) {
    const std::vector<int> column = assign(costs(distances), objects.size(), hypotheses.size());
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (column[i] < 0) continue;
      const std::size_t j = static_cast<std::size_t>(column[i]);
      const double distance = distances[i * hypotheses.size() + j];
      if (std::isnan(distance)) continue;
      const std::int64_t object = objects[i], hypothesis = hypotheses[j];
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
      object_done[i] = hypothesis_done[j] = true;
      take(object, hypothesis, distance);
    }
  }

  // The matrix that is solved. Version 1.0.2 made forbidden cells only a little dearer than the
  // others, so that they could be chosen; they are no pairs then.
  std::vector<double> costs(const std::vector<double>& distances) const {
    double largest = -1;
    for (const double d : distances) largest = std::isnan(d) ? largest : std::max(largest, d);
    const double forbidden = compat_ != MotCompat::k102 ? kForbidden : 2 * largest + 1;
    std::vector<double> result = distances;
    for (double& d : result) d = std::isnan(d) ? forbidden : d;
    return result;
  }

  void take(std::int64_t object, std::int64_t hypothesis, double distance) {
    last_[object] = {hypothesis, frame_};
    seen_.insert(hypothesis);
    ++counts_.detections;
    counts_.distances += distance;
  }

  MotCompat compat_;
  MotCounts counts_;
  std::int64_t frame_ = 0;
  std::unordered_map<std::int64_t, Match> last_;          // of each object
  std::unordered_map<std::int64_t, std::int64_t> owner_;  // object of a hypothesis' last new pair
  std::unordered_set<std::int64_t> seen_;                 // hypotheses that were ever matched
};

void update(Accumulator& accumulator, const ScoredFrame& frame, int joint) {
  if (frame.truth.empty() || frame.predicted.empty()) {  // whatever the counts are
    accumulator.update({0}, {0}, {kNaN});
    return;
  }
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
  accumulator.update(objects, hypotheses, std::move(distances));
}

double percent(double part, double whole) { return whole == 0 ? kNaN : 100 * (part / whole); }

}  // namespace

MotCompat mot_compat(const std::string& version) {
  if (version == "1.0.2") return MotCompat::k102;
  if (version == "1.2.0") return MotCompat::k120;
  if (version == "1.4.0") return MotCompat::k140;
  fail("{}: no such version of py-motmetrics (there are 1.0.2, 1.2.0, 1.4.0)", version);
}

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
    for (std::size_t k = 0; k + 1 < frames.size(); ++k) update(accumulator, frames[k], joint);
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
