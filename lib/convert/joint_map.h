// SPDX-License-Identifier: Apache-2.0
#pragma once

// Maps the keypoints of one joint set to another, by name (METHOD 1.6).
//
// A joint that only the target has is computed if the source allows it, and marked as derived:
//   head_bottom      neck, else the middle of the shoulders
//   neck, thorax     the middle of the shoulders
//   head_top         2 nose - middle of the shoulders
//   mid_hip, pelvis  each other, else the middle of the hips
//   spine            the middle of shoulders and hips
// with the mean of their scores (head_top: the nose's). Otherwise it is absent: x = y = score = 0.

#include "core/joints.h"
#include "io/records.h"

#include <string>
#include <string_view>
#include <vector>

namespace vremd::convert {

// One of joint_sets(), or a list of names "nose,left_wrist". An Error lists the sets.
JointSet joint_set_from(std::string_view text);

// For formats that do not name their joints: the set `named` (Error "place: ..." unless it has
// `count` joints), or if that is "" the customary set of that size.
JointSet joint_set_of_size(std::size_t count, const std::string& named, const std::string& place);

// For formats that name their joints, `names` in known_joint()'s spelling: the set `given`, or if
// that is "" these joints. Error "place: ...": a duplicate name, or one that `given` lacks.
JointSet joint_set_of_names(const std::vector<std::string>& names, const std::string& given,
                            const std::string& place);

class JointMap {
 public:
  JointMap(const JointSet& from, JointSet to);

  const JointSet& target() const { return to_; }
  void apply(io::Instance& instance) const;  // keypoints, visibility, derived

  std::vector<std::string> dropped() const;  // unused joints of the source
  std::vector<std::string> absent() const;   // joints of the target without a source

 private:
  struct Term {
    int index;  // of the source
    double factor;
  };
  struct Source {
    std::vector<Term> terms;  // added up; none: absent
    bool derived = false;
    bool known() const { return !terms.empty(); }
  };
  Source source_of(const std::string& joint) const;

  JointSet from_, to_;
  std::vector<Source> sources_;
};

}  // namespace vremd::convert
