// SPDX-License-Identifier: Apache-2.0
#pragma once

// COCO's average precision of keypoints by object keypoint similarity (OKS), bit for bit as in
// cocoapi and xtcocotools (SCORING 8).

#include "core/geometry.h"
#include "eval/coco/coco_ap.h"
#include "eval/coco/oks_similarity.h"
#include "eval/evaluate.h"

#include <cstdint>

namespace vremd::eval {

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
// (PoseTrack without ears: 15), another joint set, or the numbers of a JSON file. Empty for no
// keypoints.
std::vector<double> oks_sigmas(const std::string& name, std::size_t keypoints);

inline double oks(const OksDetection& detection, const OksTruth& truth, const OksConfig& config) {
  return oks(detection, truth, config.sigmas, config.use_area);
}

// The kits' ten. The images of each category in ascending order of their ids, which breaks ties
// between scores.
CocoScores oks_ap(std::span<const std::vector<OksImage>> categories, const OksConfig& config);
std::unique_ptr<const Resampled> resampled_oks(std::span<const std::vector<OksImage>> categories,
                                               const OksConfig& config);  // units: images

}  // namespace vremd::eval
