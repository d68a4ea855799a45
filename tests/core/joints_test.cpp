// SPDX-License-Identifier: Apache-2.0
#include "core/joints.h"

#include <catch2/catch_test_macros.hpp>

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
