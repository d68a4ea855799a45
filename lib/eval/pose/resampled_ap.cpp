// SPDX-License-Identifier: Apache-2.0
#include "eval/pose/resampled_ap.h"

#include "eval/numerics.h"

#include <limits>

namespace vremd::eval {

RankedJoint::RankedJoint(std::span<const JointSamples* const> units) {
  std::vector<double> scores;
  std::vector<Prediction> all;
  for (std::size_t u = 0; u < units.size(); ++u) {
    scores.insert(scores.end(), units[u]->scores.begin(), units[u]->scores.end());
    for (const char right : units[u]->right) {
      all.push_back({static_cast<std::uint32_t>(u), right != 0});
    }
    truths_.push_back(units[u]->truths);
  }
  const std::vector<std::size_t> rising = numpy_argsort(scores);
  for (std::size_t k = rising.size(); k-- > 0;) {
    const Prediction one = all[rising[k]];
    const bool tied = !ranked_.empty() && scores[rising[k]] == scores[rising[k + 1]] &&
                      one.unit == ranked_.back().unit;
    if (!tied) groups_.push_back(static_cast<std::uint32_t>(ranked_.size()));
    ranked_.push_back(one);
  }
  groups_.push_back(static_cast<std::uint32_t>(ranked_.size()));
}

// Of each right prediction of a resample, its rank from 1. Returns the number of predictions.
std::size_t RankedJoint::ranks_of_right(std::span<const std::uint32_t> times,
                                        std::vector<std::uint32_t>& ranks) const {
  std::size_t most = 2;  // written beyond the last one
  for (const Prediction& one : ranked_) most += times[one.unit];
  ranks.resize(most);
  std::uint32_t rank = 0;
  std::size_t right = 0;
  if (groups_.size() == ranked_.size() + 1) {  // no ties: without branches that cannot be foreseen
    for (const Prediction& one : ranked_) {
      const std::uint32_t often = times[one.unit];
      ranks[right] = rank + 1;
      ranks[right + 1] = rank + 2;
      for (std::uint32_t k = 2; k < often; ++k) ranks[right + k] = rank + k + 1;
      right += one.right ? often : 0;
      rank += often;
    }
  } else {
    for (std::size_t g = 0; g + 1 < groups_.size(); ++g) {
      const std::uint32_t begin = groups_[g], end = groups_[g + 1];
      for (std::uint32_t k = times[ranked_[begin].unit]; k > 0; --k) {
        for (std::uint32_t i = begin; i < end; ++i) {
          ranks[right] = ++rank;
          right += ranked_[i].right;
        }
      }
    }
  }
  ranks.resize(right);
  return rank;
}

// Only right predictions change the recall, and the precision's maximum from any of them on is at
// one of them.
double RankedJoint::ap(std::span<const std::uint32_t> times, MissingTruth missing) const {
  std::int64_t truths = 0;
  for (std::size_t u = 0; u < truths_.size(); ++u) truths += truths_[u] * times[u];
  std::vector<std::uint32_t> ranks;
  if (ranks_of_right(times, ranks) == 0) return 0;
  if (truths == 0 && missing == MissingTruth::kNaN) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const auto all = static_cast<double>(truths == 0 ? 1 : truths);
  const auto right = static_cast<double>(ranks.size());
  std::vector<double> areas(ranks.size());
  for (std::size_t k = 0; k < ranks.size(); ++k) {  // the precision, at first
    areas[k] = static_cast<double>(k + 1) / static_cast<double>(ranks[k]);
  }
  double best = 0, recall = right / all;
  for (std::size_t k = ranks.size(); k-- > 0;) {
    best = areas[k] > best ? areas[k] : best;
    const double before = static_cast<double>(k) / all;
    areas[k] = (recall - before) * best;
    recall = before;
  }
  if (right / all != 1) areas.push_back(0);
  return 100 * pairwise_sum(areas);
}

RankedPoses::RankedPoses(std::span<const PoseSamples* const> units, MissingTruth missing)
    : missing_(missing) {
  std::vector<const JointSamples*> of_joint(units.size());
  for (int joint = 0; joint < kPoseJoints; ++joint) {
    for (std::size_t u = 0; u < units.size(); ++u) of_joint[u] = &(*units[u])[joint];
    joints_.emplace_back(of_joint);
  }
}

JointValues RankedPoses::ap(std::span<const std::uint32_t> times) const {
  JointValues values{};
  for (int joint = 0; joint < kPoseJoints; ++joint)
    values[joint] = joints_[joint].ap(times, missing_);
  values.back() = mean_of_numbers({values.data(), kPoseJoints});
  return values;
}

}  // namespace vremd::eval
