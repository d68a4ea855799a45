// SPDX-License-Identifier: Apache-2.0
#pragma once

// COCO's average precision of keypoints by object keypoint similarity (OKS), bit for bit as in
// cocoapi and xtcocotools (SCORING 8).

#include "core/geometry.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::eval {

// xtcocotools counts the labelled keypoints itself, drops detections without any, and does not
// require areas. cocoapi treats a match with annotation id 0 as unmatched.
enum class OksKit { kCocoapi, kXtcoco };

struct OksTruth {
  std::int64_t id = 0;
  std::vector<double> keypoints;  // x, y, v of each
  Box box;
  double area = 0;
  bool crowd = false;
  std::int64_t labelled = 0;  // num_keypoints of the file
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
  std::vector<double> sigmas;  // one per keypoint
  bool use_area = true;        // false: 0.53 of the box instead of the truths' areas
};

// The spread of each keypoint: coco17, posetrack or posetrack-pifpaf for that many keypoints
// (PoseTrack without ears: 15). Error: no such set.
std::vector<double> oks_sigmas(std::string_view name, std::size_t keypoints);

// 0...1, 1 if identical. Detection and truth have a keypoint for each sigma.
double oks(const OksDetection& detection, const OksTruth& truth, const OksConfig& config);

struct OksAp {
  // AP, AP50, AP75, AP medium, large; AR, AR50, AR75, AR medium, large. -1: no such person.
  std::array<double, 10> values{};

  std::string text(OksKit kit) const;  // the ten lines of the kit
};

// Short names of the ten, such as "AP50" and "AP_medium".
extern const std::array<const char*, 10> kOksApNames;

// The images of each category in ascending order of their ids, which breaks ties between scores.
OksAp oks_ap(std::span<const std::vector<OksImage>> categories, const OksConfig& config);

}  // namespace vremd::eval
