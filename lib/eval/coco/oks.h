// SPDX-License-Identifier: Apache-2.0
#pragma once

// COCO's average precision of keypoints by object keypoint similarity (OKS), bit for bit as in
// cocoapi and xtcocotools (SCORING 8).

#include "core/geometry.h"
#include "eval/coco/coco_ap.h"
#include "eval/evaluate.h"

#include <cstdint>

namespace vremd::eval {

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
// (PoseTrack without ears: 15), or the numbers of a JSON file. Empty for no keypoints.
std::vector<double> oks_sigmas(const std::string& name, std::size_t keypoints);

// 0...1, 1 if identical. Detection and truth have a keypoint for each sigma.
double oks(const OksDetection& detection, const OksTruth& truth, const OksConfig& config);

// The kits' ten. The images of each category in ascending order of their ids, which breaks ties
// between scores.
CocoScores oks_ap(std::span<const std::vector<OksImage>> categories, const OksConfig& config);
std::unique_ptr<const Resampled> resampled_oks(std::span<const std::vector<OksImage>> categories,
                                               const OksConfig& config);  // units: images

}  // namespace vremd::eval
