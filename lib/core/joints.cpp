// SPDX-License-Identifier: Apache-2.0
#include "core/joints.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <set>

namespace vremd {
namespace {

using Names = std::vector<std::string>;

// The head's joints, followed by the body's.
Names with_body(Names joints) {
  for (const char* part : {"shoulder", "elbow", "wrist", "hip", "knee", "ankle"}) {
    for (const char* side : {"left_", "right_"}) joints.push_back(side + std::string(part));
  }
  return joints;
}

const std::vector<std::pair<std::string, std::string>> kLimbs = {
    {"head_top", "nose"},
    {"nose", "head_bottom"},
    {"left_eye", "nose"},
    {"right_eye", "nose"},
    {"left_eye", "left_ear"},
    {"right_eye", "right_ear"},
    {"head_bottom", "left_shoulder"},
    {"head_bottom", "right_shoulder"},
    {"left_shoulder", "right_shoulder"},
    {"left_shoulder", "left_elbow"},
    {"left_elbow", "left_wrist"},
    {"right_shoulder", "right_elbow"},
    {"right_elbow", "right_wrist"},
    {"left_shoulder", "left_hip"},
    {"right_shoulder", "right_hip"},
    {"left_hip", "right_hip"},
    {"left_hip", "left_knee"},
    {"left_knee", "left_ankle"},
    {"right_hip", "right_knee"},
    {"right_knee", "right_ankle"}};

struct Sigma {
  std::string_view part;  // a joint, or both sides of one
  double value;
};
constexpr Sigma kOksSigmas[] = {{"nose", .026},       {"eye", .025},    {"ear", .035},
                                {"shoulder", .079},   {"elbow", .072},  {"wrist", .062},
                                {"hip", .107},        {"knee", .087},   {"ankle", .089},
                                {"head_bottom", .08}, {"head_top", .06}};
constexpr double kOtherOksSigma = .08;

// "left_knee" and "right_knee": "knee".
std::string_view part_of(std::string_view joint) {
  for (const std::string_view side : {"left_", "right_"}) {
    if (joint.starts_with(side)) joint.remove_prefix(side.size());
  }
  return joint;
}

JointSet make_set(std::string name, Names joints) {
  JointSet set{std::move(name), std::move(joints), {}, {}};
  for (int i = 0; i < set.size(); ++i) {
    const std::string& joint = set.joints[i];
    if (!joint.starts_with("left_")) continue;
    const int other = set.index("right_" + joint.substr(5));
    if (other >= 0) set.flip_pairs.emplace_back(i, other);
  }
  // If there is a neck, the shoulders are connected to it instead of to each other.
  const bool neck = set.index("head_bottom") >= 0;
  for (const auto& [from, to] : kLimbs) {
    if (neck && from == "left_shoulder" && to == "right_shoulder") continue;
    const int a = set.index(from), b = set.index(to);
    if (a >= 0 && b >= 0) set.limbs.emplace_back(a, b);
  }
  return set;
}

// https://cmu-perceptual-computing-lab.github.io/openpose/web/html/doc/md_doc_02_output.html
const Names kBody25 = {
    "nose",           "neck",        "right_shoulder", "right_elbow",     "right_wrist",
    "left_shoulder",  "left_elbow",  "left_wrist",     "mid_hip",         "right_hip",
    "right_knee",     "right_ankle", "left_hip",       "left_knee",       "left_ankle",
    "right_eye",      "left_eye",    "right_ear",      "left_ear",        "left_big_toe",
    "left_small_toe", "left_heel",   "right_big_toe",  "right_small_toe", "right_heel"};
const Names kOpenPose18 = {
    "nose",       "neck",       "right_shoulder", "right_elbow", "right_wrist", "left_shoulder",
    "left_elbow", "left_wrist", "right_hip",      "right_knee",  "right_ankle", "left_hip",
    "left_knee",  "left_ankle", "right_eye",      "left_eye",    "right_ear",   "left_ear"};
const Names kHalpeBody = {"head_top",        "neck",          "mid_hip",
                          "left_big_toe",    "right_big_toe", "left_small_toe",
                          "right_small_toe", "left_heel",     "right_heel"};
const Names kWholeBodyFeet = {"left_big_toe",  "left_small_toe",  "left_heel",
                              "right_big_toe", "right_small_toe", "right_heel"};

// COCO's 17, `more`, and if wanted 68 points of the face and 21 of each hand.
Names from_coco(const Names& more, bool face_and_hands) {
  Names names = joint_set("coco17").joints;
  names.insert(names.end(), more.begin(), more.end());
  if (!face_and_hands) return names;
  for (int i = 0; i < 68; ++i) names.push_back("face_" + std::to_string(i));
  for (const std::string side : {"left_", "right_"}) {
    names.push_back(side + "hand_root");
    for (const char* finger :
         {"thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger"}) {
      for (int i = 1; i <= 4; ++i) names.push_back(side + finger + "_" + std::to_string(i));
    }
  }
  return names;
}

const std::array<JointSet, 3>& named_sets() {
  static const std::array<JointSet, 3> sets = {
      make_set("posetrack15", with_body({"nose", "head_bottom", "head_top"})),
      make_set("posetrack17",
               with_body({"nose", "head_bottom", "head_top", "left_ear", "right_ear"})),
      make_set("coco17", with_body({"nose", "left_eye", "right_eye", "left_ear", "right_ear"}))};
  return sets;
}

}  // namespace

int JointSet::index(std::string_view joint) const {
  const auto found = std::find(joints.begin(), joints.end(), joint);
  return found == joints.end() ? -1 : static_cast<int>(found - joints.begin());
}

const JointSet& joint_set(std::string_view name) {
  for (const JointSet& set : named_sets()) {
    if (set.name == name) return set;
  }
  fail("{}: unknown joint set (known: posetrack15, posetrack17, coco17)", excerpt(name));
}

Names names_of_set(std::string_view set) {
  for (const JointSet& named : named_sets()) {
    if (named.name == set) return named.joints;
  }
  if (set == "body25") return kBody25;
  if (set == "openpose18") return kOpenPose18;
  if (set == "halpe26") return from_coco(kHalpeBody, false);
  if (set == "halpe136") return from_coco(kHalpeBody, true);
  if (set == "wholebody133") return from_coco(kWholeBodyFeet, true);
  return {};
}

std::string known_joint(const std::string& name) {
  static const std::set<std::string> known = [] {
    std::set<std::string> all;
    for (const char* set : {"posetrack17", "coco17", "body25", "halpe136", "wholebody133"}) {
      const Names more = names_of_set(set);
      all.insert(more.begin(), more.end());
    }
    return all;
  }();
  if (known.contains(name)) return name;
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
  return known.contains(plain) ? plain : name;
}

std::string_view customary_set(std::size_t count) {
  switch (count) {
    case 17: return "coco17";
    case 18: return "openpose18";
    case 25: return "body25";
    case 26: return "halpe26";
    case 133: return "wholebody133";
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

double oks_sigma(std::string_view joint) {
  for (const Sigma& sigma : kOksSigmas) {
    if (sigma.part == part_of(joint)) return sigma.value;
  }
  return kOtherOksSigma;
}

int pose_column(std::string_view joint) {
  constexpr std::array<std::string_view, 7> kParts = {"",    "shoulder", "elbow", "wrist",
                                                      "hip", "knee",     "ankle"};
  const auto found = std::find(kParts.begin() + 1, kParts.end(), part_of(joint));
  return found == kParts.end() ? 0 : static_cast<int>(found - kParts.begin());
}

JointSet joint_set_of(const Names& joints) {
  for (const JointSet& set : named_sets()) {
    if (set.joints == joints) return set;
  }
  return make_set("custom", joints);
}

}  // namespace vremd
