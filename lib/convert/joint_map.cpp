// SPDX-License-Identifier: Apache-2.0
#include "convert/joint_map.h"

#include "core/error.h"

#include <algorithm>
#include <initializer_list>
#include <limits>

namespace vremd::convert {
namespace {

using Names = std::vector<std::string>;

}  // namespace

JointSet joint_set_from(std::string_view text) {
  if (const JointSet* set = find_joint_set(text)) return *set;
  const Names names = split_names(text);
  for (const std::string& name : names) {
    if (!is_known_joint(name)) {
      fail("{}: no such joint or set of joints (sets: {})", excerpt(name), joint_set_names());
    }
    if (std::count(names.begin(), names.end(), name) > 1) {
      fail("{}: duplicate joint", excerpt(name));
    }
  }
  return joint_set_of(names);
}

JointSet joint_set_of_size(std::size_t count, const std::string& given, const std::string& place) {
  if (!given.empty()) {
    JointSet set = joint_set_from(given);
    if (set.joints.size() == count) return set;
    fail("{}: {} keypoints, but {} has {}", place, count, excerpt(given), set.joints.size());
  }
  if (const auto set = customary_set(count); !set.empty()) return joint_set(set);
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
  if (const int same = from_.index(joint); same >= 0) return {{{same, 1}}};
  const auto mean = [this](std::initializer_list<const char*> of) {
    Source source{{}, true};
    for (const char* one : of) source.terms.push_back({from_.index(one), 1.0 / of.size()});
    const auto lacks = [](const Term& term) { return term.index < 0; };
    return std::ranges::any_of(source.terms, lacks) ? Source{} : source;
  };
  const auto first_of = [](std::initializer_list<Source> sources) {
    const auto found = std::ranges::find_if(sources, [](const Source& s) { return s.known(); });
    return found == sources.end() ? Source{} : *found;
  };
  const Source shoulders = mean({"left_shoulder", "right_shoulder"});
  const Source hips = mean({"left_hip", "right_hip"});
  if (joint == "head_bottom") return first_of({mean({"neck"}), shoulders});
  if (joint == "neck" || joint == "thorax") return shoulders;
  if (joint == "mid_hip") return first_of({mean({"pelvis"}), hips});
  if (joint == "pelvis") return first_of({mean({"mid_hip"}), hips});
  if (joint == "spine") return mean({"left_shoulder", "right_shoulder", "left_hip", "right_hip"});
  if (joint == "head_top") {
    const int nose = from_.index("nose");
    if (nose < 0 || !shoulders.known()) return {};
    Source source = shoulders;
    for (Term& term : source.terms) term.factor = -term.factor;
    source.terms.push_back({nose, 2});
    return source;
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
    const auto& [terms, derived] = sources_[i];
    const bool found = !terms.empty() && std::ranges::none_of(terms, [&](const Term& term) {
      return io::is_absent(old[term.index]);
    });
    double visible = 0;
    if (found || (terms.size() == 1 && !derived)) {
      // What is subtracted has no say in the score.
      double scores = 0, factors = 0;
      visible = std::numeric_limits<double>::infinity();
      for (const auto& [index, factor] : terms) {
        points[i].x += factor * old[index].x;
        points[i].y += factor * old[index].y;
        if (factor > 0) scores += factor * old[index].score, factors += factor;
        if (!visibility.empty()) visible = std::min(visible, visibility[index]);
      }
      points[i].score = scores / factors;
    }
    if (!visibility.empty()) instance.visibility.push_back(visible);
    const bool was = std::ranges::find(before, to_.joints[i]) != before.end();
    if (was || (derived && found)) instance.derived.push_back(to_.joints[i]);
  }
  instance.keypoints = std::move(points);
  if (std::ranges::count(before, "box")) instance.derived.emplace_back("box");
}

std::vector<std::string> JointMap::dropped() const {
  std::vector<std::string> names;
  for (int i = 0; i < from_.size(); ++i) {
    const bool used = std::ranges::any_of(sources_, [&](const Source& s) {
      return !s.derived && s.known() && s.terms[0].index == i;
    });
    if (!used) names.push_back(from_.joints[i]);
  }
  return names;
}

std::vector<std::string> JointMap::absent() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (!sources_[i].known()) names.push_back(to_.joints[i]);
  }
  return names;
}

}  // namespace vremd::convert
