// SPDX-License-Identifier: Apache-2.0
#include "core/joints.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <map>

namespace vremd {
namespace {

using Names = std::vector<std::string>;

// The head's joints, followed by the body's.
Names with_body(std::string_view head) {
  Names joints = split_names(head);
  for (const char* part : {"shoulder", "elbow", "wrist", "hip", "knee", "ankle"}) {
    for (const char* side : {"left_", "right_"}) joints.push_back(side + std::string(part));
  }
  return joints;
}

// https://cmu-perceptual-computing-lab.github.io/openpose/web/html/doc/md_doc_02_output.html
constexpr std::string_view kBody25 =
    "nose,neck,right_shoulder,right_elbow,right_wrist,left_shoulder,left_elbow,left_wrist,"
    "mid_hip,right_hip,right_knee,right_ankle,left_hip,left_knee,left_ankle,right_eye,left_eye,"
    "right_ear,left_ear,left_big_toe,left_small_toe,left_heel,right_big_toe,right_small_toe,"
    "right_heel";
constexpr std::string_view kOpenPose18 =
    "nose,neck,right_shoulder,right_elbow,right_wrist,left_shoulder,left_elbow,left_wrist,"
    "right_hip,right_knee,right_ankle,left_hip,left_knee,left_ankle,right_eye,left_eye,"
    "right_ear,left_ear";

// https://github.com/Fang-Haoshu/Halpe-FullBody
constexpr std::string_view kHalpeBody =
    "head_top,neck,mid_hip,left_big_toe,right_big_toe,left_small_toe,right_small_toe,left_heel,"
    "right_heel";

// https://github.com/jin-s13/COCO-WholeBody
constexpr std::string_view kWholeBodyFeet =
    "left_big_toe,left_small_toe,left_heel,right_big_toe,right_small_toe,right_heel";

constexpr std::array<const char*, 5> kFingers = {"thumb", "forefinger", "middle_finger",
                                                 "ring_finger", "pinky_finger"};
constexpr int kFaceJoints = 68;  // iBUG's

// http://human-pose.mpi-inf.mpg.de: its upper neck is PoseTrack's head_bottom.
constexpr std::string_view kMpii16 =
    "right_ankle,right_knee,right_hip,left_hip,left_knee,left_ankle,pelvis,thorax,head_bottom,"
    "head_top,right_wrist,right_elbow,right_shoulder,left_shoulder,left_elbow,left_wrist";

// The 17 joints of Human3.6M that networks for three dimensions use, in their order. The tenth is
// between neck and nose: those that start from COCO's joints give them the nose.
constexpr std::string_view kH36m17 =
    "pelvis,right_hip,right_knee,right_ankle,left_hip,left_knee,left_ankle,spine,thorax,nose,"
    "head_top,left_shoulder,left_elbow,left_wrist,right_shoulder,right_elbow,right_wrist";

// https://challenger.ai: AI Challenger's, of ViTPose+.
constexpr std::string_view kAic14 =
    "right_shoulder,right_elbow,right_wrist,left_shoulder,left_elbow,left_wrist,right_hip,"
    "right_knee,right_ankle,left_hip,left_knee,left_ankle,head_top,neck";

// https://github.com/AlexTheBad/AP-10K: animals.
constexpr std::string_view kAp10k =
    "left_eye,right_eye,nose,neck,root_of_tail,left_shoulder,left_elbow,left_front_paw,"
    "right_shoulder,right_elbow,right_front_paw,left_hip,left_knee,left_back_paw,right_hip,"
    "right_knee,right_back_paw";

Names coco17() { return with_body("nose,left_eye,right_eye,left_ear,right_ear"); }

// COCO's 17, `more`, and if wanted the points of the face and 21 of each hand.
Names from_coco(std::string_view more, bool face_and_hands) {
  Names names = coco17();
  const Names others = split_names(more);
  names.insert(names.end(), others.begin(), others.end());
  if (!face_and_hands) return names;
  for (int i = 0; i < kFaceJoints; ++i) names.push_back("face_" + std::to_string(i));
  for (const std::string side : {"left_", "right_"}) {
    names.push_back(side + "hand_root");
    for (const std::string finger : kFingers) {
      for (int i = 1; i <= 4; ++i) names.push_back(side + finger + "_" + std::to_string(i));
    }
  }
  return names;
}

// Points of the face first ... last that are mirror images of each other: their numbers add up to
// `sum`. The others are on the line of symmetry.
struct FaceMirror {
  int first, last, sum;
};
constexpr FaceMirror kFaceMirrors[] = {
    {0, 7, 16},                    // jaw
    {17, 21, 43},                  // brows
    {31, 32, 66},                  // nostrils
    {36, 39, 81},                  // eyes, above
    {40, 41, 87},                  // and below
    {48, 50, 102}, {58, 59, 114},  // lips, outside
    {60, 61, 124}, {67, 67, 132}   // and inside
};

struct FaceLine {
  int first, last;
  bool closed;
};
constexpr FaceLine kFaceLines[] = {{0, 16, false},  {17, 21, false}, {22, 26, false},
                                   {27, 30, false}, {31, 35, false}, {36, 41, true},
                                   {42, 47, true},  {48, 59, true},  {60, 67, true}};

// A connection, unless the set has one of `instead`, which also leads there.
struct Limb {
  std::string from, to;
  Names instead = {};
};

const std::vector<Limb>& limbs() {
  static const std::vector<Limb> limbs = [] {
    std::vector<Limb> all = {
        {"head_top", "nose"},
        {"head_top", "head_bottom", {"nose"}},
        {"head_top", "neck", {"nose"}},
        {"nose", "head_bottom"},
        {"nose", "neck", {"head_bottom"}},
        {"nose", "thorax", {"head_bottom", "neck"}},
        {"left_eye", "nose"},
        {"right_eye", "nose"},
        {"left_eye", "left_ear"},
        {"right_eye", "right_ear"},
        {"head_bottom", "thorax"},
        {"neck", "thorax"},
        {"thorax", "spine"},
        {"spine", "pelvis"},
        {"thorax", "pelvis", {"spine"}},
        {"neck", "mid_hip"},
        {"neck", "root_of_tail"},
        {"head_bottom", "left_shoulder", {"thorax"}},
        {"head_bottom", "right_shoulder", {"thorax"}},
        {"neck", "left_shoulder", {"head_bottom", "thorax"}},
        {"neck", "right_shoulder", {"head_bottom", "thorax"}},
        {"thorax", "left_shoulder"},
        {"thorax", "right_shoulder"},
        {"left_shoulder", "right_shoulder", {"head_bottom", "neck", "thorax"}},
        {"left_shoulder", "left_elbow"},
        {"left_elbow", "left_wrist"},
        {"right_shoulder", "right_elbow"},
        {"right_elbow", "right_wrist"},
        {"left_shoulder", "left_hip", {"mid_hip", "pelvis", "root_of_tail"}},
        {"right_shoulder", "right_hip", {"mid_hip", "pelvis", "root_of_tail"}},
        {"left_hip", "right_hip", {"mid_hip", "pelvis", "root_of_tail"}},
    };
    for (const std::string side : {"left_", "right_"}) {
      for (const char* middle : {"mid_hip", "pelvis", "root_of_tail"}) {
        all.push_back({middle, side + "hip"});
      }
      all.push_back({side + "hip", side + "knee"});
      all.push_back({side + "knee", side + "ankle"});
      for (const char* end : {"heel", "big_toe", "small_toe"}) {
        all.push_back({side + "ankle", side + end});
      }
      all.push_back({side + "elbow", side + "front_paw"});
      all.push_back({side + "knee", side + "back_paw"});
      all.push_back({side + "wrist", side + "hand_root"});
      for (const std::string finger : kFingers) {
        std::string from = "hand_root";
        for (int i = 1; i <= 4; ++i) {
          const std::string to = finger + "_" + std::to_string(i);
          all.push_back({side + from, side + to});
          from = to;
        }
      }
    }
    const auto face = [](int i) { return "face_" + std::to_string(i); };
    for (const FaceLine& line : kFaceLines) {
      for (int i = line.first; i < line.last; ++i) all.push_back({face(i), face(i + 1)});
      if (line.closed) all.push_back({face(line.last), face(line.first)});
    }
    return all;
  }();
  return limbs;
}

JointSet make_set(std::string name, Names joints) {
  JointSet set{std::move(name), std::move(joints), {}, {}};
  std::map<std::string_view, int> indices;
  for (int i = 0; i < set.size(); ++i) indices.emplace(set.joints[i], i);
  const auto index = [&](const std::string& joint) {
    const auto found = indices.find(joint);
    return found == indices.end() ? -1 : found->second;
  };
  const auto mirror = [&](int left, int right) {
    if (left >= 0 && right >= 0) set.flip_pairs.emplace_back(left, right);
  };
  for (int i = 0; i < set.size(); ++i) {
    const std::string& joint = set.joints[i];
    if (joint.starts_with("left_")) mirror(i, index("right_" + joint.substr(5)));
  }
  for (const FaceMirror& some : kFaceMirrors) {
    for (int i = some.first; i <= some.last; ++i) {
      mirror(index("face_" + std::to_string(i)), index("face_" + std::to_string(some.sum - i)));
    }
  }
  for (const Limb& limb : limbs()) {
    const int from = index(limb.from), to = index(limb.to);
    const bool replaced = std::ranges::any_of(
        limb.instead, [&](const std::string& joint) { return index(joint) >= 0; });
    if (from >= 0 && to >= 0 && !replaced) set.limbs.emplace_back(from, to);
  }
  return set;
}

// COCO-WholeBody's, https://github.com/jin-s13/COCO-WholeBody/tree/master/evaluation.
constexpr double kFaceSigmas[kFaceJoints] = {
    .042, .043, .044, .043, .040, .035, .031, .025, .020, .023, .029, .032, .037, .038,
    .043, .041, .045, .013, .012, .011, .011, .012, .012, .011, .011, .013, .015, .009,
    .007, .007, .007, .012, .009, .008, .016, .010, .017, .011, .009, .011, .009, .007,
    .013, .008, .011, .012, .010, .034, .008, .008, .009, .008, .008, .007, .010, .008,
    .009, .009, .009, .007, .007, .008, .011, .008, .008, .008, .010, .008};
constexpr double kFingerSigmas[kFingers.size()][4] = {{.022, .035, .037, .047},
                                                      {.026, .025, .024, .035},
                                                      {.018, .024, .022, .026},
                                                      {.017, .021, .021, .032},
                                                      {.020, .019, .022, .031}};
constexpr double kOtherOksSigma = .08;

std::map<std::string, double, std::less<>> make_oks_sigmas() {
  std::map<std::string, double, std::less<>> sigmas = {
      {"nose", .026},          {"head_bottom", .08},      {"head_top", .06},
      {"left_big_toe", .068},  {"left_small_toe", .066},  {"left_heel", .066},
      {"right_big_toe", .092}, {"right_small_toe", .094}, {"right_heel", .094}};
  const std::pair<const char*, double> parts[] = {
      {"eye", .025}, {"ear", .035},  {"shoulder", .079}, {"elbow", .072},    {"wrist", .062},
      {"hip", .107}, {"knee", .087}, {"ankle", .089},    {"hand_root", .029}};
  for (const std::string side : {"left_", "right_"}) {
    for (const auto& [part, sigma] : parts) sigmas.emplace(side + part, sigma);
    for (std::size_t finger = 0; finger < kFingers.size(); ++finger) {
      for (int i = 0; i < 4; ++i) {
        sigmas.emplace(side + kFingers[finger] + "_" + std::to_string(i + 1),
                       kFingerSigmas[finger][i]);
      }
    }
  }
  for (int i = 0; i < kFaceJoints; ++i) {
    sigmas.emplace("face_" + std::to_string(i), kFaceSigmas[i]);
  }
  return sigmas;
}

}  // namespace

const std::vector<JointSet>& joint_sets() {
  static const std::vector<JointSet> sets = {
      make_set("posetrack15", with_body("nose,head_bottom,head_top")),
      make_set("posetrack17", with_body("nose,head_bottom,head_top,left_ear,right_ear")),
      make_set("coco17", coco17()),
      make_set("body25", split_names(kBody25)),
      make_set("openpose18", split_names(kOpenPose18)),
      make_set("halpe26", from_coco(kHalpeBody, false)),
      make_set("halpe136", from_coco(kHalpeBody, true)),
      make_set("coco_wholebody133", from_coco(kWholeBodyFeet, true)),
      make_set("mpii16", split_names(kMpii16)),
      make_set("aic14", split_names(kAic14)),
      make_set("h36m17", split_names(kH36m17)),
      make_set("ap10k", split_names(kAp10k))};
  return sets;
}

JointSet joint_set_of(const Names& joints) {
  for (const JointSet& set : joint_sets()) {
    if (set.joints == joints) return set;
  }
  return make_set("custom", joints);
}

double oks_sigma(std::string_view joint) {
  static const auto sigmas = make_oks_sigmas();
  const auto found = sigmas.find(joint);
  return found == sigmas.end() ? kOtherOksSigma : found->second;
}

}  // namespace vremd
