// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reports by joint: the two sides together, the body, the head, all (SCORING 8b).

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace vremd::eval {

struct JointRow {
  std::string name;
  std::vector<std::string> joints;
  bool always = true;  // false: only if somebody has these joints
};

std::vector<std::string> body_joints();  // the 12 from the shoulders down

// Without the last row, "all".
const std::vector<JointRow>& joint_rows();

template <typename Sum>
Sum pooled(const std::map<std::string, Sum>& joints, const std::vector<std::string>& names) {
  Sum sum;
  for (const std::string& name : names) {
    const auto found = joints.find(name);
    if (found != joints.end()) sum.add(found->second, 1);
  }
  return sum;
}

// The rows of sums by joint: Sum::add(sum, times), Sum::empty().
template <typename Sum>
std::vector<std::pair<std::string, Sum>> rows_of(const std::map<std::string, Sum>& joints) {
  std::vector<std::pair<std::string, Sum>> rows;
  for (const JointRow& row : joint_rows()) {
    const Sum sum = pooled(joints, row.joints);
    if (row.always || !sum.empty()) rows.emplace_back(row.name, sum);
  }
  Sum all;
  for (const auto& [name, sum] : joints) all.add(sum, 1);
  rows.emplace_back("all", all);
  return rows;
}

}  // namespace vremd::eval
