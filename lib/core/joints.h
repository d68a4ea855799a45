// SPDX-License-Identifier: Apache-2.0
#pragma once

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

std::vector<std::string> split_names(std::string_view list);  // "nose,left_knee"

// A set from joint names alone: a named set if they are its joints in its order, else "custom"
// with the pairs (left_x, right_x) and those limbs whose ends are both there.
JointSet joint_set_of(const std::vector<std::string>& joints);

}  // namespace vremd
