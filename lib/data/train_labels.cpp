// SPDX-License-Identifier: Apache-2.0
#include "data/train_labels.h"

#include "core/error.h"
#include "io/json_file.h"
#include "io/json_node.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace vremd::data {
namespace {

double torso(const std::vector<JointLabel>& joints, const JointSet& set) {
  double longest = 0;
  for (const auto& [a, b] :
       {std::pair{"left_shoulder", "right_hip"}, std::pair{"right_shoulder", "left_hip"}}) {
    const int i = set.index(a), j = set.index(b);
    if (i < 0 || j < 0 || joints[i].weight <= 0 || joints[j].weight <= 0) continue;
    longest = std::max(longest, std::hypot(joints[i].x - joints[j].x, joints[i].y - joints[j].y));
  }
  return longest;
}

double flip_distance(const annotation::AnnotatedPerson& person, int joint) {
  const auto list = person.other.find("flip_dist");
  const auto index = static_cast<std::size_t>(joint);
  if (list == person.other.end() || !list->is_array() || index >= list->size() ||
      !(*list)[index].is_number()) {
    return 0;
  }
  return (*list)[index].get<double>();
}

}  // namespace

PseudoLabels read_pseudo_labels(const std::string& path) {
  PseudoLabels result;
  if (path.empty()) return result;
  const Json json = io::read_json_file(path);
  const io::JsonNode root(&json, {path});
  root.for_each_member([&](std::string_view key, const io::JsonNode& points) {
    std::int64_t id = 0;
    const char* end = key.data() + key.size();
    const auto [rest, error] = std::from_chars(key.data(), end, id);
    if (error != std::errc() || rest != end || !points.is_array()) return;
    std::vector<JointLabel>& one = result[id];
    for (const io::JsonNode point : points.array()) {
      const auto xys = point.numbers<3>();
      if (!xys) point.wrong("not an array of 3 numbers");
      one.push_back({(*xys)[0], (*xys)[1], (*xys)[2]});
    }
  });
  return result;
}

std::vector<JointLabel> labels_of(const annotation::AnnotatedPerson& person,
                                  const TrainDataConfig& config, std::size_t count) {
  std::vector<JointLabel> labels(count);
  for (const annotation::AnnotatedJoint& joint : person.joints) {
    if (!joint.labelled) continue;
    const double score = joint.has_score() ? joint.score : 1;
    if (score < config.min_score || flip_distance(person, joint.index) > config.max_flip_distance) {
      continue;
    }
    labels[static_cast<std::size_t>(joint.index)] = {
        joint.x, joint.y, config.weigh_by_score ? std::clamp(score, 0.0, 1.0) : 1};
  }
  return labels;
}

void correct_labels(const std::vector<JointLabel>& pseudo, const TrainDataConfig& config,
                    const JointSet& set, const std::vector<bool>& labelled_in_set,
                    std::vector<JointLabel>& labels) {
  const double size = torso(labels, set);
  for (std::size_t j = 0; j < labels.size() && j < pseudo.size(); ++j) {
    const JointLabel& other = pseudo[j];
    if (labels[j].weight > 0) {
      const double apart = std::hypot(labels[j].x - other.x, labels[j].y - other.y);
      if (size > 0 && other.weight > config.pseudo_veto_score &&
          apart > config.pseudo_veto_distance * size) {
        labels[j].weight = 0;
      }
    } else if (!labelled_in_set[j] && other.weight >= config.pseudo_add_score) {
      labels[j] = {other.x, other.y, 1};
    }
  }
}

std::vector<bool> labelled_joints(const annotation::Annotations& annotations) {
  std::vector<bool> labelled(annotations.joints.joints.size(), false);
  for (const annotation::AnnotatedVideo& video : annotations.videos) {
    for (const annotation::AnnotatedFrame& frame : video.frames) {
      for (const annotation::AnnotatedPerson& person : frame.persons) {
        for (const annotation::AnnotatedJoint& joint : person.joints) {
          if (joint.labelled) labelled[static_cast<std::size_t>(joint.index)] = true;
        }
      }
    }
  }
  return labelled;
}

int drop_outside(std::vector<JointLabel>& labels, const annotation::AnnotatedFrame& frame) {
  if (frame.width <= 0 || frame.height <= 0) return 0;
  int count = 0;
  for (JointLabel& label : labels) {
    if (label.weight <= 0) continue;
    const bool inside =
        label.x >= -0.5 && label.y >= -0.5 && label.x < frame.width && label.y < frame.height;
    if (!inside) label.weight = 0;
    count += !inside;
  }
  return count;
}

}  // namespace vremd::data
