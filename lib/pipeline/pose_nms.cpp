// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_nms.h"

#include "core/error.h"
#include "core/text.h"
#include "eval/coco/oks_similarity.h"

#include <algorithm>
#include <functional>

namespace vremd::pipeline {
namespace {

struct Pose {
  std::size_t instance = 0;
  double score = 0, area = 0;     // the person's; of the crop
  std::vector<double> keypoints;  // x, y, 1 of each
};

double similarity(const Pose& a, const Pose& b, std::span<const double> sigmas) {
  eval::OksTruth truth;
  truth.keypoints = b.keypoints;
  truth.area = (a.area + b.area) / 2;
  return eval::oks({a.keypoints, a.score, a.area}, truth, sigmas);
}

}  // namespace

double parse_nms(const std::string& text) {
  if (text == "none") return 0;
  const auto oks = number_after("oks:", text);
  if (oks && *oks > 0 && *oks < 1) return *oks;
  fail("--nms must be none or oks:NUM with NUM between 0 and 1, not '{}'", text);
}

PoseNms::PoseNms(double max_oks, const JointSet& joints, const ops::CropSpec& crop)
    : max_oks_(max_oks), crop_(crop) {
  for (const std::string& joint : joints.joints) sigmas_.push_back(oks_sigma(joint));
}

void PoseNms::thin(FrameChunk& chunk) const {
  if (max_oks_ <= 0) return;
  const std::span<const Person> persons = chunk.persons;
  for (std::size_t first = 0, last = 0; first < persons.size(); first = last) {
    while (last < persons.size() && persons[last].record == persons[first].record) ++last;
    thin_frame(persons.subspan(first, last - first), chunk);
  }
}

void PoseNms::thin_frame(std::span<const Person> persons, FrameChunk& chunk) const {
  auto& instances = std::get<io::FrameRecord>(chunk.records[persons[0].record]).instances;
  std::vector<Pose> poses;
  for (const Person& person : persons) {
    const io::Instance& instance = instances[person.instance];
    const ops::CropRegion region = ops::crop_region(instance.box, crop_);
    Pose pose{person.instance, instance.score, region.w * region.h, {}};
    for (const io::Keypoint& one : instance.keypoints) {
      pose.keypoints.insert(pose.keypoints.end(), {one.x, one.y, 1});
    }
    poses.push_back(std::move(pose));
  }
  std::ranges::stable_sort(poses, std::greater(), &Pose::score);
  std::vector<const Pose*> kept;
  std::vector<std::size_t> removed;
  for (const Pose& pose : poses) {
    const bool known = std::ranges::any_of(
        kept, [&](const Pose* other) { return similarity(pose, *other, sigmas_) > max_oks_; });
    if (known) {
      removed.push_back(pose.instance);
    } else {
      kept.push_back(&pose);
    }
  }
  std::ranges::sort(removed, std::greater());
  for (const std::size_t instance : removed) {
    instances.erase(instances.begin() + static_cast<std::ptrdiff_t>(instance));
  }
  if (!removed.empty()) chunk.removed[persons[0].record] = std::ssize(removed);
}

}  // namespace vremd::pipeline
