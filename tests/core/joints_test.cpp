// SPDX-License-Identifier: Apache-2.0
#include "core/joints.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

using namespace vremd;

TEST_CASE("PoseTrack's fifteen joints, by id and from head to foot") {
  const JointSet& set = joint_set("posetrack15");
  for (int i = 0; i < kPoseJoints; ++i) {
    CHECK(pose_joint(kPoseJointNames[i]) == i);
    CHECK(kPoseJointNames[kPoseJointsDownward[i]] == set.joints[i]);
  }
  CHECK(pose_joint("left_ear") == -1);
}

TEST_CASE("joints in the spelling of others") {
  for (const char* name : {"left_knee", "Left Knee", "left-knee", "leftKnee", "LeftKnee",
                           "LEFT_KNEE", "Left_Knee", "left knee"}) {
    CHECK(known_joint(name) == "left_knee");
  }
  CHECK(known_joint("Nose") == "nose");
  CHECK(known_joint("tail") == "tail");
  CHECK(known_joint("Tail Base") == "Tail Base");
  CHECK(known_joint("") == "");
}

TEST_CASE("every joint has a table column") {
  const auto column = [](const char* joint) {
    return std::string(kPoseColumns[pose_column(joint)]);
  };
  CHECK(column("nose") == "Head");
  CHECK(column("head_bottom") == "Head");
  CHECK(column("left_shoulder") == "Shou");
  CHECK(column("right_elbow") == "Elb");
  CHECK(column("left_wrist") == "Wri");
  CHECK(column("right_hip") == "Hip");
  CHECK(column("left_knee") == "Knee");
  CHECK(column("right_ankle") == "Ankl");
}

TEST_CASE("mirror images of each set") {
  for (const JointSet& set : joint_sets()) {
    CAPTURE(set.name);
    CHECK(joint_set_of(set.joints).name == set.name);
    std::vector<int> mirrored(set.joints.size());
    std::iota(mirrored.begin(), mirrored.end(), 0);
    for (const auto& [a, b] : set.flip_pairs) std::swap(mirrored[a], mirrored[b]);
    for (int i = 0; i < set.size(); ++i) {
      CHECK(mirrored[mirrored[i]] == i);
      const std::string& joint = set.joints[i];
      if (joint.starts_with("left_")) {
        CHECK(set.joints[mirrored[i]] == "right_" + joint.substr(5));
      } else if (!joint.starts_with("right_") && !joint.starts_with("face_")) {
        CHECK(mirrored[i] == i);
      }
    }
  }
  // The face of COCO-WholeBody, as its authors pair it: jaw, brow, nostril, eyes, lips.
  const JointSet& whole = joint_set("coco_wholebody133");
  std::set<std::pair<int, int>> pairs(whole.flip_pairs.begin(), whole.flip_pairs.end());
  for (const auto& [a, b] : {std::pair{0, 16},
                             {7, 9},
                             {17, 26},
                             {21, 22},
                             {31, 35},
                             {36, 45},
                             {39, 42},
                             {40, 47},
                             {41, 46},
                             {48, 54},
                             {50, 52},
                             {58, 56},
                             {59, 55},
                             {60, 64},
                             {61, 63},
                             {67, 65}}) {
    CAPTURE(a, b);
    CHECK(pairs.contains({23 + a, 23 + b}));
  }
  CHECK(std::ranges::count_if(whole.flip_pairs, [](const auto& pair) {
          return pair.first >= 23 && pair.first < 91;
        }) == 29);
}

TEST_CASE("limbs connect all of a body once") {
  for (const JointSet& set : joint_sets()) {
    CAPTURE(set.name);
    std::set<std::pair<int, int>> limbs;
    std::set<int> connected;
    for (const auto& [a, b] : set.limbs) {
      CAPTURE(set.joints[a], set.joints[b]);
      CHECK(limbs.emplace(std::min(a, b), std::max(a, b)).second);
      connected.insert({a, b});
    }
    // Ears are connected to eyes, which PoseTrack lacks.
    CHECK(connected.size() + (set.name == "posetrack17" ? 2 : 0) == set.joints.size());
  }
  const auto has = [](const char* name, const char* from, const char* to) {
    const JointSet& set = joint_set(name);
    return std::ranges::count(set.limbs, std::pair{set.index(from), set.index(to)}) == 1;
  };
  CHECK(has("coco17", "left_shoulder", "right_shoulder"));
  CHECK(has("coco17", "left_hip", "right_hip"));
  CHECK(!has("posetrack15", "left_shoulder", "right_shoulder"));
  CHECK(has("body25", "mid_hip", "left_hip"));
  CHECK(!has("body25", "left_hip", "right_hip"));
  CHECK(has("h36m17", "spine", "pelvis"));
  CHECK(has("mpii16", "head_top", "head_bottom"));
  CHECK(has("ap10k", "root_of_tail", "left_hip"));
  CHECK(has("halpe136", "left_ring_finger_3", "left_ring_finger_4"));
}

TEST_CASE("sigmas of OKS") {
  const auto sum = [](const char* name) {
    double total = 0;
    for (const std::string& joint : joint_set(name).joints) total += oks_sigma(joint);
    return total;
  };
  CHECK(oks_sigma("left_heel") == .066);
  CHECK(oks_sigma("right_heel") == .094);
  CHECK(oks_sigma("face_67") == .008);
  CHECK(oks_sigma("right_pinky_finger_4") == .031);
  CHECK(oks_sigma("root_of_tail") == .08);
  CHECK(sum("coco17") == Catch::Approx(1.138));
  CHECK(sum("coco_wholebody133") == Catch::Approx(1.138 + .48 + 1.137 + 2 * .553));
}
