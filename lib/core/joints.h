// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vremd {

// A named, ordered set of keypoints (METHOD 1.6). Left and right are the person's own.
struct JointSet {
  std::string name;                             // posetrack15, posetrack17, coco17 or custom
  std::vector<std::string> joints;              // in the order of every array of keypoints
  std::vector<std::pair<int, int>> flip_pairs;  // indices that a mirrored picture exchanges
  std::vector<std::pair<int, int>> limbs;       // what vremd-draw connects

  int size() const { return static_cast<int>(joints.size()); }
  int index(std::string_view joint) const;  // -1: not in the set
};

// One of the named sets; an Error lists the names otherwise.
const JointSet& joint_set(std::string_view name);

// How far annotators differ about a joint, as a fraction of the root of the person's area: what
// OKS divides distances by (twice this). COCO's 17, openpifpaf's for head_bottom and head_top
// (EVAL 8); .08, the middle of those of the body, for a joint that neither knows.
double oks_sigma(std::string_view joint);

// PoseTrack's fifteen joints by PoseTrack17's ids, which its evaluators number them by, in the
// spelling of PoseTrack18.
constexpr int kPoseJoints = 15;
constexpr std::array<std::string_view, kPoseJoints> kPoseJointNames = {
    "right_ankle", "right_knee",  "right_hip",   "left_hip",       "left_knee",
    "left_ankle",  "right_wrist", "right_elbow", "right_shoulder", "left_shoulder",
    "left_elbow",  "left_wrist",  "head_bottom", "nose",           "head_top"};

constexpr int pose_joint(std::string_view name) {  // -1: none of them
  for (int i = 0; i < kPoseJoints; ++i) {
    if (kPoseJointNames[i] == name) return i;
  }
  return -1;
}

// The same joints as posetrack15 orders them: from the nose to the right ankle.
constexpr std::array<int, kPoseJoints> kPoseJointsDownward = {
    pose_joint("nose"),          pose_joint("head_bottom"),    pose_joint("head_top"),
    pose_joint("left_shoulder"), pose_joint("right_shoulder"), pose_joint("left_elbow"),
    pose_joint("right_elbow"),   pose_joint("left_wrist"),     pose_joint("right_wrist"),
    pose_joint("left_hip"),      pose_joint("right_hip"),      pose_joint("left_knee"),
    pose_joint("right_knee"),    pose_joint("left_ankle"),     pose_joint("right_ankle")};

// The columns of PoseTrack's tables, and the one that a joint is in.
constexpr std::array<std::string_view, 7> kPoseColumns = {"Head", "Shou", "Elb", "Wri",
                                                          "Hip",  "Knee", "Ankl"};
int pose_column(std::string_view joint);

std::vector<std::string> split_names(std::string_view list);  // "nose,left_knee"

// A set from joint names alone: a named set if they are its joints in its order, else "custom"
// with the pairs (left_x, right_x) and those limbs whose ends are both there.
JointSet joint_set_of(const std::vector<std::string>& joints);

}  // namespace vremd
