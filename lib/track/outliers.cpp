// SPDX-License-Identifier: Apache-2.0
#include "track/outliers.h"

#include "track/quantile.h"
#include "track/tracker.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace vremd::track {
namespace {

// The movement of most joints that both have, unlike displacement() not affected by outliers.
Point body_movement(const io::Instance& from, const io::Instance& to) {
  std::vector<double> x, y;
  const std::size_t joints = std::min(from.keypoints.size(), to.keypoints.size());
  for (std::size_t j = 0; j < joints; ++j) {
    if (!usable(from.keypoints[j]) || !usable(to.keypoints[j])) continue;
    x.push_back(to.keypoints[j].x - from.keypoints[j].x);
    y.push_back(to.keypoints[j].y - from.keypoints[j].y);
  }
  return {median(std::move(x)), median(std::move(y))};
}

double size_of(const io::Instance& person) { return std::sqrt(person_area(person)); }

void reject(io::Instance& person, std::size_t joint) {
  person.keypoints[joint] = {};
  if (!person.visibility.empty()) person.visibility[joint] = 0;
}

bool has(const io::Instance* person, std::size_t joint) {
  return person && joint < person->keypoints.size() && usable(person->keypoints[joint]);
}

// The lengths that limbs of a person may have.
class LimbLengths {
 public:
  LimbLengths(const Path& path, const JointSet& joints, double max_limb) : limbs_(joints.limbs) {
    std::map<std::pair<int, int>, std::vector<double>> lengths;
    for (const io::Instance* person : path.people) {
      if (!person) continue;
      for (const auto& limb : limbs_) {
        if (const auto length = relative_length(*person, limb)) {
          lengths[either_side(limb, joints)].push_back(*length);
        }
      }
    }
    for (const auto& limb : limbs_) {
      most_.push_back(max_limb * usual(lengths[either_side(limb, joints)]));
    }
  }

  std::int64_t reject_from(io::Instance& person) const {
    std::int64_t rejected = 0;
    while (const auto joint = worst(person)) {
      reject(person, *joint);
      ++rejected;
    }
    return rejected;
  }

 private:
  using Limb = std::pair<int, int>;

  static std::optional<double> relative_length(const io::Instance& person, const Limb& limb) {
    const auto a = static_cast<std::size_t>(limb.first), b = static_cast<std::size_t>(limb.second);
    const double size = size_of(person);
    if (!has(&person, a) || !has(&person, b) || !(size > 0)) return std::nullopt;
    const io::Keypoint &from = person.keypoints[a], &to = person.keypoints[b];
    return std::hypot(from.x - to.x, from.y - to.y) / size;
  }

  // The same for a limb and that of the other side.
  static Limb either_side(Limb limb, const JointSet& joints) {
    for (const auto& [left, right] : joints.flip_pairs) {
      for (int* joint : {&limb.first, &limb.second}) {
        if (*joint == right) *joint = left;
      }
    }
    return limb;
  }

  // A limb that points towards the camera looks short, none looks longer than it is. A high
  // quantile is therefore near its length, and leaves room for outliers above it.
  static double usual(const std::vector<double>& lengths) {
    constexpr std::size_t kFewest = 10;
    if (lengths.size() < kFewest) return INFINITY;
    return quantile(lengths, 9, 10);
  }

  // The joint to reject first.
  std::optional<std::size_t> worst(const io::Instance& person) const {
    std::map<int, int> at_fault;  // too long limbs of each joint
    for (std::size_t l = 0; l < limbs_.size(); ++l) {
      const auto length = relative_length(person, limbs_[l]);
      if (!length || !(*length > most_[l])) continue;
      ++at_fault[limbs_[l].first];
      ++at_fault[limbs_[l].second];
    }
    if (at_fault.empty()) return std::nullopt;
    const auto score = [&](int joint) {
      return person.keypoints[static_cast<std::size_t>(joint)].score;
    };
    const auto worst = std::ranges::max_element(at_fault, [&](const auto& a, const auto& b) {
      return std::pair(a.second, -score(a.first)) < std::pair(b.second, -score(b.first));
    });
    return static_cast<std::size_t>(worst->first);
  }

  std::vector<Limb> limbs_;
  std::vector<double> most_;  // of each limb
};

constexpr double kMostSeconds = 1;  // after so long a joint may be anywhere

// Steps of the joints of a path that are too fast.
class SpeedLimit {
 public:
  SpeedLimit(const Path& path, std::span<const double> times, double max_speed)
      : people_(path.people),
        times_(times.subspan(path.first, people_.size())),
        max_speed_(max_speed) {}

  // The places that have to go, of one joint.
  std::vector<std::size_t> outliers(std::size_t joint) const {
    std::vector<std::size_t> seen;
    for (std::size_t i = 0; i < people_.size(); ++i) {
      if (has(people_[i], joint)) seen.push_back(i);
    }
    std::vector<double> sum(seen.size());        // of the best chain that ends at each place
    std::vector<std::size_t> best(seen.size());  // where the best chain up to there ends
    std::vector<std::optional<std::size_t>> before(seen.size());
    for (std::size_t n = 0; n < seen.size(); ++n) {
      for (std::size_t m = n; m-- > 0 && sum[best[m]] > sum[n];) {
        const bool long_ago = times_[seen[n]] - times_[seen[m]] > kMostSeconds;
        const std::size_t from = long_ago ? best[m] : m;
        if (sum[from] <= sum[n] || (!long_ago && too_fast(seen[m], seen[n], joint))) continue;
        sum[n] = sum[from];
        before[n] = from;
      }
      sum[n] += people_[seen[n]]->keypoints[joint].score;
      best[n] = n > 0 && sum[best[n - 1]] >= sum[n] ? best[n - 1] : n;
    }
    std::vector<std::size_t> outliers;
    std::optional<std::size_t> kept;
    if (!seen.empty()) kept = best.back();
    for (std::size_t n = seen.size(); n-- > 0;) {
      if (kept == n) {
        kept = before[n];
      } else {
        outliers.push_back(seen[n]);
      }
    }
    return outliers;
  }

 private:
  bool too_fast(std::size_t from, std::size_t to, std::size_t joint) const {
    const io::Instance &a = *people_[from], &b = *people_[to];
    const double seconds = times_[to] - times_[from];
    const double size = std::max(size_of(a), size_of(b));
    const Point body = body_movement(a, b);
    const io::Keypoint &start = a.keypoints[joint], &end = b.keypoints[joint];
    const double way = std::hypot(end.x - start.x - body.x, end.y - start.y - body.y);
    return way > max_speed_ * size * seconds;
  }

  const std::vector<io::Instance*>& people_;
  std::span<const double> times_;
  double max_speed_;
};

std::int64_t reject_long_limbs(const Path& path, const JointSet& joints, double max_limb) {
  const LimbLengths lengths(path, joints, max_limb);
  std::int64_t rejected = 0;
  for (io::Instance* person : path.people) {
    if (person) rejected += lengths.reject_from(*person);
  }
  return rejected;
}

std::int64_t reject_jumps(const Path& path, std::span<const double> times, std::size_t joints,
                          double max_speed) {
  const SpeedLimit limit(path, times, max_speed);
  std::vector<std::vector<std::size_t>> outliers;  // of each joint; the others' places matter
  for (std::size_t j = 0; j < joints; ++j) outliers.push_back(limit.outliers(j));
  std::int64_t rejected = 0;
  for (std::size_t j = 0; j < joints; ++j) {
    for (const std::size_t i : outliers[j]) reject(*path.people[i], j);
    rejected += static_cast<std::int64_t>(outliers[j].size());
  }
  return rejected;
}

}  // namespace

std::int64_t reject_outliers(const Path& path, std::span<const double> times,
                             const JointSet& joints, const OutlierConfig& config) {
  std::int64_t rejected = 0;
  if (config.max_limb > 0) rejected += reject_long_limbs(path, joints, config.max_limb);
  if (config.max_speed > 0) {
    rejected +=
        reject_jumps(path, times, static_cast<std::size_t>(joints.size()), config.max_speed);
  }
  return rejected;
}

}  // namespace vremd::track
