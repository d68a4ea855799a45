// SPDX-License-Identifier: Apache-2.0
#include "core/joints.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <set>

namespace vremd {
namespace {

using Names = std::vector<std::string>;

// "left_knee" and "right_knee": "knee".
std::string_view part_of(std::string_view joint) {
  for (const std::string_view side : {"left_", "right_"}) {
    if (joint.starts_with(side)) joint.remove_prefix(side.size());
  }
  return joint;
}

}  // namespace

int JointSet::index(std::string_view joint) const {
  const auto found = std::find(joints.begin(), joints.end(), joint);
  return found == joints.end() ? -1 : static_cast<int>(found - joints.begin());
}

const JointSet* find_joint_set(std::string_view name) {
  if (name == "wholebody133") name = "coco_wholebody133";
  const auto found = std::ranges::find(joint_sets(), name, &JointSet::name);
  return found == joint_sets().end() ? nullptr : &*found;
}

const JointSet& joint_set(std::string_view name) {
  if (const JointSet* found = find_joint_set(name)) return *found;
  fail("{}: unknown joint set (known: {})", excerpt(name), joint_set_names());
}

std::string joint_set_names() {
  std::string names;
  for (const JointSet& set : joint_sets()) names += (names.empty() ? "" : ", ") + set.name;
  return names;
}

bool is_known_joint(std::string_view name) {
  static const std::set<std::string, std::less<>> known = [] {
    std::set<std::string, std::less<>> all;
    for (const JointSet& set : joint_sets()) all.insert(set.joints.begin(), set.joints.end());
    return all;
  }();
  return known.contains(name);
}

std::string known_joint(const std::string& name) {
  if (is_known_joint(name)) return name;
  std::string plain;
  char before = '_';
  for (const char c : name) {
    const bool lower_before = before >= 'a' && before <= 'z', upper = c >= 'A' && c <= 'Z';
    if (c == ' ' || c == '-' || c == '_' || (upper && lower_before)) {
      if (!plain.empty() && plain.back() != '_') plain += '_';
    }
    if (c != ' ' && c != '-' && c != '_') plain += static_cast<char>(upper ? c - 'A' + 'a' : c);
    before = c;
  }
  return is_known_joint(plain) ? plain : name;
}

std::string_view customary_set(std::size_t count) {
  switch (count) {
    case 17: return "coco17";
    case 18: return "openpose18";
    case 25: return "body25";
    case 26: return "halpe26";
    case 133: return "coco_wholebody133";
    case 136: return "halpe136";
    default: return "";
  }
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    names.emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

int pose_column(std::string_view joint) {
  constexpr std::array<std::string_view, 7> kParts = {"",    "shoulder", "elbow", "wrist",
                                                      "hip", "knee",     "ankle"};
  const auto found = std::find(kParts.begin() + 1, kParts.end(), part_of(joint));
  return found == kParts.end() ? 0 : static_cast<int>(found - kParts.begin());
}

}  // namespace vremd
