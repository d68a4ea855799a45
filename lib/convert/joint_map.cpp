// SPDX-License-Identifier: Apache-2.0
#include "convert/joint_map.h"

#include "core/error.h"

#include <algorithm>

namespace vremd::convert {
namespace {

using Names = std::vector<std::string>;

}  // namespace

JointSet joint_set_from(std::string_view text) {
  if (const Names set = names_of_set(text); !set.empty()) return joint_set_of(set);
  const Names names = split_names(text);
  static const std::set<std::string> known = [] {
    std::set<std::string> all;
    for (const char* set : {"posetrack17", "body25", "halpe136", "wholebody133"}) {
      const Names more = names_of_set(set);
      all.insert(more.begin(), more.end());
    }
    return all;
  }();
  for (const std::string& name : names) {
    if (!known.contains(name)) {
      fail("{}: no such joint or set of joints (sets: {})", excerpt(name), kSetNames);
    }
    if (std::count(names.begin(), names.end(), name) > 1)
      fail("{}: duplicate joint", excerpt(name));
  }
  return joint_set_of(names);
}

JointSet joint_set_of_size(std::size_t count, const std::string& given, const std::string& place) {
  if (!given.empty()) {
    JointSet set = joint_set_from(given);
    if (set.joints.size() == count) return set;
    fail("{}: {} keypoints, but {} has {}", place, count, excerpt(given), set.joints.size());
  }
  if (const auto set = customary_set(count); !set.empty()) return joint_set_from(set);
  fail("{}: {} keypoints: unknown joints; use --input-joints", place, count);
}

JointSet joint_set_of_names(const Names& names, const std::string& given,
                            const std::string& place) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) fail("{}: duplicate joint {}", place, excerpt(name));
  }
  if (given.empty()) return joint_set_of(names);
  const JointSet set = joint_set_from(given);
  for (const std::string& name : names) {
    if (set.index(name) < 0) {
      fail("{}: {} is not a joint of {}", place, excerpt(name), excerpt(given));
    }
  }
  return set;
}

JointMap::JointMap(const JointSet& from, JointSet to) : from_(from), to_(std::move(to)) {
  for (const std::string& joint : to_.joints) sources_.push_back(source_of(joint));
}

JointMap::Source JointMap::source_of(const std::string& joint) const {
  const auto middle = [this](const char* left, const char* right) {
    const int a = from_.index(left), b = from_.index(right);
    return a < 0 || b < 0 ? Source{} : Source{Rule::kMiddle, a, b, -1, true};
  };
  if (const int same = from_.index(joint); same >= 0) return {Rule::kCopy, same, -1, -1, false};
  if (joint == "head_bottom") {
    if (const int neck = from_.index("neck"); neck >= 0) return {Rule::kCopy, neck, -1, -1, true};
    return middle("left_shoulder", "right_shoulder");
  }
  if (joint == "neck") return middle("left_shoulder", "right_shoulder");
  if (joint == "mid_hip") return middle("left_hip", "right_hip");
  if (joint == "head_top") {
    const int nose = from_.index("nose");
    const Source shoulders = middle("left_shoulder", "right_shoulder");
    if (nose >= 0 && shoulders.a >= 0) {
      return {Rule::kHeadTop, nose, shoulders.a, shoulders.b, true};
    }
  }
  return {};
}

void JointMap::apply(io::Instance& instance) const {
  if (instance.keypoints.empty()) return;
  const std::vector<io::Keypoint>& old = instance.keypoints;
  const std::vector<double> visibility = std::move(instance.visibility);
  const std::vector<std::string> before = std::move(instance.derived);
  instance.visibility.clear();
  instance.derived.clear();
  std::vector<io::Keypoint> points(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Source& s = sources_[i];
    const auto there = [&](int index) { return index < 0 || !io::is_absent(old[index]); };
    const bool found = s.rule != Rule::kAbsent && there(s.a) && there(s.b) && there(s.c);
    const auto mean = [&](int a, int b) {
      return io::Keypoint{(old[a].x + old[b].x) / 2, (old[a].y + old[b].y) / 2,
                          (old[a].score + old[b].score) / 2};
    };
    if (s.rule == Rule::kCopy) points[i] = old[s.a];
    if (found && s.rule == Rule::kMiddle) points[i] = mean(s.a, s.b);
    if (found && s.rule == Rule::kHeadTop) {
      const io::Keypoint neck = mean(s.b, s.c), &nose = old[s.a];
      points[i] = {2 * nose.x - neck.x, 2 * nose.y - neck.y, nose.score};
    }
    const bool was = std::find(before.begin(), before.end(), to_.joints[i]) != before.end();
    if (was || (s.derived && found)) instance.derived.push_back(to_.joints[i]);
    if (visibility.empty()) continue;
    double least = found || s.rule == Rule::kCopy ? visibility[s.a] : 0;
    for (const int other : {s.b, s.c}) {
      if (found && other >= 0) least = std::min(least, visibility[other]);
    }
    instance.visibility.push_back(least);
  }
  instance.keypoints = std::move(points);
  if (std::ranges::count(before, "box")) instance.derived.emplace_back("box");
}

std::vector<std::string> JointMap::dropped() const {
  std::vector<std::string> names;
  for (int i = 0; i < from_.size(); ++i) {
    const bool used = std::any_of(sources_.begin(), sources_.end(), [&](const Source& s) {
      return s.rule == Rule::kCopy && s.a == i;
    });
    if (!used) names.push_back(from_.joints[i]);
  }
  return names;
}

std::vector<std::string> JointMap::absent() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].rule == Rule::kAbsent) names.push_back(to_.joints[i]);
  }
  return names;
}

}  // namespace vremd::convert
