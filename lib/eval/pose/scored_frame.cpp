// SPDX-License-Identifier: Apache-2.0
#include "eval/pose/scored_frame.h"

#include "core/error.h"
#include "eval/numerics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vremd::eval {

int ScoredPose::joints() const {
  return static_cast<int>(std::count(has.begin(), has.end(), true));
}

double joint_distance(const ScoredPose& predicted, const ScoredPose& truth, int joint) {
  if (!predicted.has[joint] || !truth.has[joint]) return std::numeric_limits<double>::infinity();
  const double dx = predicted.x[joint] - truth.x[joint];
  const double dy = predicted.y[joint] - truth.y[joint];
  return std::sqrt(dx * dx + dy * dy) / truth.head_size;
}

const std::vector<annotation::Polygon>& checked_regions(const annotation::PoseFile& truth,
                                                        std::size_t place) {
  const std::vector<annotation::Polygon>& regions = truth.frames[place].ignore_regions;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (regions[i].size() >= 3) continue;
    fail("{}: ignore region {}: {} points are not a polygon", truth.place(place), i,
         regions[i].size());
  }
  return regions;
}

bool is_ignored(const std::vector<annotation::Polygon>& regions, Point point) {
  return std::ranges::any_of(regions, [&](const auto& one) { return strictly_inside(one, point); });
}

void fail_without_head(const annotation::PoseFile& truth, std::size_t place) {
  fail("{}: person without head box", truth.place(place));
}

std::vector<int> assign_poses(const ScoredFrame& frame) {
  // Of each prediction, its best person and the share of that person's joints it has right.
  std::vector<int> chosen;
  std::vector<double> shares;
  for (const ScoredPose& predicted : frame.predicted) {
    int best = -1;
    double best_share = 0;
    for (std::size_t g = 0; g < frame.truth.size(); ++g) {
      const ScoredPose& truth = frame.truth[g];
      int right = 0;
      for (int i = 0; i < kPoseJoints; ++i) right += joint_matches(predicted, truth, i);
      const double share = right == 0 ? 0 : static_cast<double>(right) / truth.joints();
      if (share > best_share) {
        best = static_cast<int>(g);
        best_share = share;
      }
    }
    chosen.push_back(best);
    shares.push_back(best_share);
  }

  std::vector<int> assigned(frame.predicted.size(), -1);
  for (std::size_t g = 0; g < frame.truth.size(); ++g) {
    std::size_t best = chosen.size();
    for (std::size_t p = 0; p < chosen.size(); ++p) {
      if (chosen[p] != static_cast<int>(g)) continue;
      if (best == chosen.size() || shares[p] > shares[best]) best = p;
    }
    if (best < chosen.size()) assigned[best] = static_cast<int>(g);
  }
  return assigned;
}

}  // namespace vremd::eval
