// SPDX-License-Identifier: Apache-2.0
#pragma once

// COCO's average precision of keypoints by OKS, object keypoint similarity, bit for bit as cocoapi
// and xtcocotools compute it (EVAL 8).

#include "core/geometry.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::eval {

// xtcocotools counts the labelled keypoints itself, drops detections without any, and can do
// without areas. cocoapi takes a match with the annotation of id 0 for none.
enum class OksKit { kCocoapi, kXtcoco };

struct OksTruth {
  std::int64_t id = 0;
  std::vector<double> keypoints;  // x, y, v of each
  Box box;
  double area = 0;
  bool crowd = false;
  std::int64_t labelled = 0;  // num_keypoints as the file has it
};

struct OksDetection {
  std::vector<double> keypoints;  // x, y, v of each
  double score = 0;
  double area = 0;
};

// One image, and one category.
struct OksImage {
  std::vector<OksTruth> truths;
  std::vector<OksDetection> detections;
};

struct OksConfig {
  OksKit kit = OksKit::kCocoapi;
  std::vector<double> sigmas;  // one a keypoint
  bool use_area = true;        // false: 0.53 of the box instead of the truths' areas
};

// The spread of each keypoint: coco17, posetrack or posetrack-pifpaf for that many keypoints (a
// PoseTrack set without the ears has 15). An Error where there is no such set.
std::vector<double> oks_sigmas(std::string_view name, std::size_t keypoints);

// 1: at the same place. Detection and truth have a keypoint for each sigma.
double oks(const OksDetection& detection, const OksTruth& truth, const OksConfig& config);

struct OksAp {
  // AP, AP50, AP75, AP medium, large; AR, AR50, AR75, AR medium, large. -1: no such person.
  std::array<double, 10> values{};

  std::string text(OksKit kit) const;  // the ten lines of the kit
};

// Short names of the ten, such as "AP50" and "AP_medium".
extern const std::array<const char*, 10> kOksApNames;

// The images of each category in ascending order of their ids: it decides between equal scores.
OksAp oks_ap(std::span<const std::vector<OksImage>> categories, const OksConfig& config);

}  // namespace vremd::eval
