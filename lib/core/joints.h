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
  std::string name;                             // of one of joint_sets(), or custom
  std::vector<std::string> joints;              // in the order of every array of keypoints
  std::vector<std::pair<int, int>> flip_pairs;  // indices to swap in a mirrored picture
  std::vector<std::pair<int, int>> limbs;       // connections that vremd-draw draws

  int size() const { return static_cast<int>(joints.size()); }
  int index(std::string_view joint) const;  // -1: not in the set
};

// posetrack15, posetrack17, coco17, body25 and openpose18 (OpenPose), halpe26 and halpe136
// (AlphaPose), coco_wholebody133, mpii16, aic14 (AI Challenger), h36m17
// (Human3.6M), ap10k (animals).
const std::vector<JointSet>& joint_sets();

// A set by its name, or "wholebody133", an older name: null, an Error with the known names.
const JointSet* find_joint_set(std::string_view name);
const JointSet& joint_set(std::string_view name);

std::string joint_set_names();  // "posetrack15, posetrack17, ..."

bool is_known_joint(std::string_view name);  // of one of the sets

// The joint of one of these sets that a file calls otherwise: "Left Knee", "left-knee", "leftKnee",
// "LEFT_KNEE" are left_knee. Any other name is returned as it is.
std::string known_joint(const std::string& name);

// The set that a number of joints stands for in formats without joint names; "": none.
std::string_view customary_set(std::size_t count);

// The deviation between annotators of a joint, as a fraction of the square root of the person's
// area; OKS divides distances by twice this. COCO's 17, COCO-WholeBody's for feet, face and hands,
// openpifpaf's for head_bottom and head_top (SCORING 8); .08, the middle of the body's, for any
// other joint.
double oks_sigma(std::string_view joint);

// PoseTrack's fifteen joints in the order of PoseTrack17's ids, which its evaluators use, with the
// names of PoseTrack18.
constexpr int kPoseJoints = 15;
constexpr std::array<std::string_view, kPoseJoints> kPoseJointNames = {
    "right_ankle", "right_knee",  "right_hip",   "left_hip",       "left_knee",
    "left_ankle",  "right_wrist", "right_elbow", "right_shoulder", "left_shoulder",
    "left_elbow",  "left_wrist",  "head_bottom", "nose",           "head_top"};

constexpr int pose_joint(std::string_view name) {  // -1 if unknown
  for (int i = 0; i < kPoseJoints; ++i) {
    if (kPoseJointNames[i] == name) return i;
  }
  return -1;
}

// The same joints in the order of posetrack15: from the nose to the right ankle.
constexpr std::array<int, kPoseJoints> kPoseJointsDownward = {
    pose_joint("nose"),          pose_joint("head_bottom"),    pose_joint("head_top"),
    pose_joint("left_shoulder"), pose_joint("right_shoulder"), pose_joint("left_elbow"),
    pose_joint("right_elbow"),   pose_joint("left_wrist"),     pose_joint("right_wrist"),
    pose_joint("left_hip"),      pose_joint("right_hip"),      pose_joint("left_knee"),
    pose_joint("right_knee"),    pose_joint("left_ankle"),     pose_joint("right_ankle")};

// The columns of PoseTrack's tables, and the one of a joint.
constexpr std::array<const char*, 8> kPoseColumns = {"Head", "Shou", "Elb",  "Wri",
                                                     "Hip",  "Knee", "Ankl", "Total"};
int pose_column(std::string_view joint);

std::vector<std::string> split_names(std::string_view list);  // "nose,left_knee"

// The named set with exactly these joints in this order, else "custom" with the pairs (left_x,
// right_x) and all limbs between these joints.
JointSet joint_set_of(const std::vector<std::string>& joints);

}  // namespace vremd
