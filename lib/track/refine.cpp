// SPDX-License-Identifier: Apache-2.0
#include "track/refine.h"

#include "core/text.h"
#include "track/quantile.h"
#include "track/tracker.h"
#include "track/zero_phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace vremd::track {
namespace {

// A point in consecutive frames.
struct Trajectory {
  explicit Trajectory(std::size_t frames) : x(frames), y(frames), score(frames), filled(frames) {}

  bool known(std::size_t i) const { return score[i] > 0; }

  std::vector<double> x, y;
  std::vector<double> score;  // 0: unknown
  std::vector<bool> filled;
};

class PathRefiner {
 public:
  PathRefiner(const Path& path, std::span<const double> times, std::size_t joints,
              const RefineConfig& config)
      : path_(path),
        times_(times.subspan(path.first, path.people.size())),
        config_(config),
        centre_(path.people.size()),
        size_(path.people.size()) {
    joints_.assign(joints, Trajectory(path.people.size()));
    for (std::size_t i = 0; i < path.people.size(); ++i) {
      if (path.people[i]) read(*path.people[i], i);
    }
  }

  void run() {
    std::vector<double> scores;
    for (const Trajectory& joint : joints_) {
      std::ranges::copy_if(joint.score, std::back_inserter(scores), [](double s) { return s > 0; });
    }
    const double usual = scores.empty() ? 1 : median(std::move(scores));
    for (Trajectory& joint : joints_) refine(joint, usual);
    // All boxes count alike.
    refine(centre_, 1);
    refine(size_, 1);
  }

  // Changes the people of the path.
  void write(const std::optional<JointSet>& names, RefineCounts& counts) const {
    for (std::size_t i = 0; i < path_.people.size(); ++i) {
      if (path_.people[i]) counts.filled_joints += write(*path_.people[i], i, names);
    }
  }

  // The person of a frame of the path in which nobody was seen, if there is one.
  std::optional<io::Instance> filled_person(std::size_t i,
                                            const std::optional<JointSet>& names) const {
    if (path_.people[i] || !centre_.filled[i] || !size_.filled[i]) return std::nullopt;
    io::Instance person;
    person.track = path_.track;
    std::size_t before = i, after = i;
    while (!path_.people[before]) --before;
    while (!path_.people[after]) ++after;
    const io::Instance &last = *path_.people[before], &next = *path_.people[after];
    person.box_score = std::min(last.box_score, next.box_score);
    person.score = std::min(last.score, next.score);
    write(person, i, names);
    person.derived.emplace_back("box");
    return person;
  }

 private:
  void read(const io::Instance& person, std::size_t i) {
    for (std::size_t j = 0; j < person.keypoints.size(); ++j) {
      const io::Keypoint& keypoint = person.keypoints[j];
      if (!usable(keypoint)) continue;
      joints_[j].x[i] = keypoint.x;
      joints_[j].y[i] = keypoint.y;
      joints_[j].score[i] = keypoint.score;
    }
    if (!person.box.finite() || person.box.area() == 0) return;
    centre_.x[i] = person.box.centre().x;
    centre_.y[i] = person.box.centre().y;
    size_.x[i] = person.box.w;
    size_.y[i] = person.box.h;
    centre_.score[i] = size_.score[i] = 1;
  }

  // Fills and smooths each part between gaps that are too long.
  void refine(Trajectory& point, double usual_score) const {
    std::optional<std::size_t> begin, last;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      if (!point.known(i)) continue;
      const bool continues = last && config_.max_gap.allows(*last, i, times_);
      if (begin && !continues) refine_part(point, *begin, *last, usual_score);
      if (!continues) begin = i;
      last = i;
    }
    if (begin) refine_part(point, *begin, *last, usual_score);
  }

  // All gaps between the first and the last value, which are known, are filled.
  void refine_part(Trajectory& point, std::size_t first, std::size_t last,
                   double usual_score) const {
    const std::size_t count = last - first + 1;
    const auto times = times_.subspan(first, count);
    std::vector<double> noise(count);
    for (std::size_t i = 0; i < count; ++i) {
      noise[i] = point.known(first + i) ? usual_score / point.score[first + i] : INFINITY;
    }
    for (std::vector<double>* all : {&point.x, &point.y}) {
      const auto values = std::span(*all).subspan(first, count);
      const std::vector<double> estimates = kalman(times, values, noise, config_.cutoff);
      for (std::size_t i = 0; i < count; ++i) {
        const bool replaces = std::isinf(noise[i]) || config_.smooth == Smoothing::kKalman;
        if (replaces) values[i] = estimates[i];
      }
      if (config_.smooth == Smoothing::kButterworth) {
        std::ranges::copy(butterworth(times, values, config_.cutoff), values.begin());
      }
    }
    fill_scores(point, first, last);
  }

  // What is filled gets the lower one of the scores at both ends of the gap.
  static void fill_scores(Trajectory& point, std::size_t first, std::size_t last) {
    std::size_t known = first;
    for (std::size_t i = first + 1; i <= last; ++i) {
      if (!point.known(i)) continue;
      const double score = std::min(point.score[known], point.score[i]);
      for (std::size_t gap = known + 1; gap < i; ++gap) {
        point.score[gap] = score;
        point.filled[gap] = true;
      }
      known = i;
    }
  }

  // Returns the number of joints that are filled.
  std::int64_t write(io::Instance& person, std::size_t i,
                     const std::optional<JointSet>& names) const {
    std::int64_t filled = 0;
    for (std::size_t j = 0; j < joints_.size(); ++j) {
      const Trajectory& joint = joints_[j];
      if (!joint.known(i)) continue;
      person.keypoints.resize(joints_.size());
      person.keypoints[j] = {joint.x[i], joint.y[i], joint.score[i]};
      if (!joint.filled[i]) continue;
      ++filled;
      const std::string& name = names->joints[j];
      if (!std::ranges::count(person.derived, name)) person.derived.push_back(name);
    }
    if (centre_.known(i) && size_.known(i)) {
      const double w = std::max(size_.x[i], 0.0), h = std::max(size_.y[i], 0.0);
      person.box = {centre_.x[i] - w / 2, centre_.y[i] - h / 2, w, h};
    }
    return filled;
  }

  const Path& path_;
  std::span<const double> times_;
  const RefineConfig& config_;
  std::vector<Trajectory> joints_;
  Trajectory centre_, size_;  // of the box
};

// Adds people to the frames in which their track has nobody, unless somebody else is there.
class Additions {
 public:
  explicit Additions(const std::optional<JointSet>& joints) {
    if (!joints) return;
    for (const std::string& joint : joints->joints) sigmas_.push_back(oks_sigma(joint));
  }

  void note(std::size_t frame, io::Instance person) {
    people_.emplace_back(frame, std::move(person));
  }

  void make(std::span<io::FrameRecord> shot, RefineCounts& counts) {
    for (auto& [f, person] : people_) {
      io::FrameRecord& frame = shot[f];
      if (frame.damage == io::Damage::kMissing || is_there(person, frame)) continue;
      ++counts.filled_people;
      counts.filled_joints += static_cast<std::int64_t>(person.derived.size()) - 1;  // and the box
      frame.instances.push_back(std::move(person));
    }
  }

 private:
  bool is_there(const io::Instance& person, const io::FrameRecord& frame) const {
    return std::ranges::any_of(frame.instances, [&](const io::Instance& other) {
      return similarity(other, person, sigmas_) >= kSamePerson;
    });
  }

  std::vector<double> sigmas_;
  std::vector<std::pair<std::size_t, io::Instance>> people_;  // and the indices of their frames
};

}  // namespace

std::optional<GapLimit> GapLimit::parse(std::string_view text) {
  GapLimit limit;
  limit.is_time = text.ends_with("ms");
  if (limit.is_time) {
    text.remove_suffix(2);
    limit.value = number_from<double>(text).value_or(-1);
  } else {
    limit.value = number_from<int>(text).value_or(-1);
  }
  if (!(limit.value >= 0) || std::isinf(limit.value)) return std::nullopt;
  return limit;
}

std::string GapLimit::text() const { return fmt::format("{}{}", value, is_time ? "ms" : ""); }

bool GapLimit::allows(std::size_t from, std::size_t to, std::span<const double> times) const {
  const std::size_t frames = to - from - 1;
  if (frames == 0) return true;
  return is_time ? (times[to] - times[from]) * 1000 <= value : static_cast<double>(frames) <= value;
}

RefineCounts refine(std::span<io::FrameRecord> shot, std::span<const double> times,
                    const std::optional<JointSet>& joints, const RefineConfig& config) {
  RefineCounts counts;
  Additions additions(joints);
  for (const Path& path : paths_of(shot)) {
    if (joints) counts.rejected_joints += reject_outliers(path, times, *joints, config.outliers);
    PathRefiner refiner(path, times, joints ? joints->joints.size() : 0, config);
    refiner.run();
    refiner.write(joints, counts);
    for (std::size_t i = 0; i < path.people.size(); ++i) {
      if (auto person = refiner.filled_person(i, joints)) {
        additions.note(path.first + i, std::move(*person));
      }
    }
  }
  additions.make(shot, counts);
  return counts;
}

}  // namespace vremd::track
