// SPDX-License-Identifier: Apache-2.0
#include "eval/coco/oks.h"

#include "core/error.h"
#include "core/joints.h"
#include "eval/numerics.h"
#include "io/json_file.h"
#include "io/json_node.h"

#include <algorithm>
#include <array>

namespace vremd::eval {
namespace {

constexpr std::size_t kMaxDetections = 20;
constexpr auto kAP = CocoRate::kPrecision, kAR = CocoRate::kRecall;
constexpr CocoMetric kMetrics[] = {{"AP", kAP, kAllThresholds, kAllAreas, kMaxDetections},
                                   {"AP50", kAP, kThreshold50, kAllAreas, kMaxDetections},
                                   {"AP75", kAP, kThreshold75, kAllAreas, kMaxDetections},
                                   {"AP_medium", kAP, kAllThresholds, kMediumAreas, kMaxDetections},
                                   {"AP_large", kAP, kAllThresholds, kLargeAreas, kMaxDetections},
                                   {"AR", kAR, kAllThresholds, kAllAreas, kMaxDetections},
                                   {"AR50", kAR, kThreshold50, kAllAreas, kMaxDetections},
                                   {"AR75", kAR, kThreshold75, kAllAreas, kMaxDetections},
                                   {"AR_medium", kAR, kAllThresholds, kMediumAreas, kMaxDetections},
                                   {"AR_large", kAR, kAllThresholds, kLargeAreas, kMaxDetections}};

// cocoapi divides these by 10, which is not always the double in core/joints (.026 ...).
constexpr std::array kCocoTenfold = {.26, .25, .25,  .35,  .35, .79, .79, .72, .72,
                                     .62, .62, 1.07, 1.07, .87, .87, .89, .89};
constexpr std::size_t kEars = 3;  // and 4, in PoseTrack's order

CocoImage coco_image(const OksImage& image, const OksConfig& config) {
  const bool xtcoco = config.kit == OksKit::kXtcoco;
  CocoImage result;
  for (const OksTruth& truth : image.truths) {
    const auto labelled = xtcoco ? count_labelled(truth.keypoints) : truth.labelled;
    result.truths.push_back({area_of(truth, config.use_area), truth.crowd,
                             truth.crowd || labelled == 0, xtcoco ? truth.id < 0 : truth.id == 0});
  }
  for (const std::size_t i :
       stable_order(image.detections, [](const OksDetection& d) { return -d.score; })) {
    if (result.detections.size() == kMaxDetections) break;
    const OksDetection& detection = image.detections[i];
    if (xtcoco && count_labelled(detection.keypoints) == 0) continue;
    result.detections.push_back({detection.score, detection.area});
    for (const OksTruth& truth : image.truths) {
      result.overlaps.push_back(oks(detection, truth, config));
    }
  }
  return result;
}

std::vector<std::vector<CocoImage>> coco_images(std::span<const std::vector<OksImage>> categories,
                                                const OksConfig& config) {
  std::vector<std::vector<CocoImage>> coco;
  for (const auto& images : categories) {
    auto& category = coco.emplace_back();
    for (const OksImage& image : images) category.push_back(coco_image(image, config));
  }
  return coco;
}

std::vector<double> read_sigmas(const std::string& path, std::size_t keypoints) {
  const Json json = io::read_json_file(path);
  const io::JsonNode root(&json, {path});
  if (!root.is_array() || json.size() != keypoints) {
    root.wrong(fmt::format("not an array of {} numbers", keypoints));
  }
  std::vector<double> sigmas;
  for (const io::JsonNode one : root.array()) {
    sigmas.push_back(one.number());
    if (!(sigmas.back() > 0)) one.wrong("not above 0");
  }
  return sigmas;
}

}  // namespace

std::vector<double> oks_sigmas(const std::string& name, std::size_t keypoints) {
  std::vector<double> sigmas;
  if (keypoints == 0) return sigmas;
  if (name == "coco17") {
    for (const double tenfold : kCocoTenfold) sigmas.push_back(tenfold / 10);
  } else if (name == "posetrack" || name == "posetrack-pifpaf") {
    // PoseTrack's own are COCO's by index, although the joints differ.
    const char* set = name == "posetrack" ? "coco17" : "posetrack17";
    for (const std::string& joint : joint_set(set).joints) sigmas.push_back(oks_sigma(joint));
    if (keypoints + 2 == sigmas.size()) {
      sigmas.erase(sigmas.begin() + kEars, sigmas.begin() + kEars + 2);
    }
  } else if (const JointSet* set = find_joint_set(name)) {
    for (const std::string& joint : set->joints) sigmas.push_back(oks_sigma(joint));
  } else {
    return read_sigmas(name, keypoints);
  }
  if (sigmas.size() != keypoints) {
    fail("{}: {} sigmas for {} keypoints", name, sigmas.size(), keypoints);
  }
  return sigmas;
}

CocoScores oks_ap(std::span<const std::vector<OksImage>> categories, const OksConfig& config) {
  return coco_scores(kMetrics, coco_images(categories, config));
}

std::unique_ptr<const Resampled> resampled_oks(std::span<const std::vector<OksImage>> categories,
                                               const OksConfig& config) {
  return resampled_coco(kMetrics, coco_images(categories, config), {});
}

}  // namespace vremd::eval
