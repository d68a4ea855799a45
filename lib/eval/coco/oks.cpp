// SPDX-License-Identifier: Apache-2.0
#include "eval/coco/oks.h"

#include "core/error.h"
#include "core/joints.h"
#include "eval/coco/coco_ap.h"
#include "eval/numeric/numpy.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vremd::eval {
namespace {

constexpr std::size_t kMaxDetections = 20;
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// cocoapi divides these by 10, which is not always the double in core/joints (.026 ...).
constexpr std::array kCocoTenfold = {.26, .25, .25,  .35,  .35, .79, .79, .72, .72,
                                     .62, .62, 1.07, 1.07, .87, .87, .89, .89};
constexpr std::size_t kEars = 3;  // and 4, in PoseTrack's order

double area_of(const OksTruth& truth, const OksConfig& config) {
  return config.use_area ? truth.area : truth.box.w * truth.box.h * 0.53;
}

bool is_labelled(const std::vector<double>& keypoints, std::size_t i) {
  return keypoints[3 * i + 2] > 0;
}

std::int64_t count_labelled(const std::vector<double>& keypoints) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < keypoints.size() / 3; ++i) count += is_labelled(keypoints, i);
  return count;
}

// Distance of x outside the interval, enlarged three times.
double outside(double x, double start, double length) {
  return std::max(0.0, start - length - x) + std::max(0.0, x - (start + length * 2));
}

CocoImage coco_image(const OksImage& image, const OksConfig& config) {
  const bool xtcoco = config.kit == OksKit::kXtcoco;
  CocoImage result;
  for (const OksTruth& truth : image.truths) {
    const auto labelled = xtcoco ? count_labelled(truth.keypoints) : truth.labelled;
    result.truths.push_back({area_of(truth, config), truth.crowd, truth.crowd || labelled == 0,
                             xtcoco ? truth.id < 0 : truth.id == 0});
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

}  // namespace

const std::array<const char*, 10> kOksApNames = {"AP", "AP50", "AP75", "AP_medium", "AP_large",
                                                 "AR", "AR50", "AR75", "AR_medium", "AR_large"};

std::vector<double> oks_sigmas(std::string_view name, std::size_t keypoints) {
  std::vector<double> sigmas;
  if (name == "coco17") {
    for (const double tenfold : kCocoTenfold) sigmas.push_back(tenfold / 10);
  } else {
    if (name != "posetrack" && name != "posetrack-pifpaf") {
      fail("{}: no such sigmas (there are coco17, posetrack, posetrack-pifpaf)", name);
    }
    // PoseTrack's own are COCO's by index, although the joints differ.
    const char* set = name == "posetrack" ? "coco17" : "posetrack17";
    for (const std::string& joint : joint_set(set).joints) sigmas.push_back(oks_sigma(joint));
    if (keypoints + 2 == sigmas.size()) {
      sigmas.erase(sigmas.begin() + kEars, sigmas.begin() + kEars + 2);
    }
  }
  if (sigmas.size() != keypoints) {
    fail("{}: {} sigmas for {} keypoints", name, sigmas.size(), keypoints);
  }
  return sigmas;
}

double oks(const OksDetection& detection, const OksTruth& truth, const OksConfig& config) {
  const bool labelled = count_labelled(truth.keypoints) > 0;
  const double area = area_of(truth, config) + kEpsilon;
  std::vector<double> terms;
  for (std::size_t i = 0; i < config.sigmas.size(); ++i) {
    if (labelled && !is_labelled(truth.keypoints, i)) continue;
    const double x = detection.keypoints[3 * i], y = detection.keypoints[3 * i + 1];
    // Nothing labelled: an ignored person, matched by keypoints near its box.
    const double dx = labelled ? x - truth.keypoints[3 * i] : outside(x, truth.box.x, truth.box.w);
    const double dy =
        labelled ? y - truth.keypoints[3 * i + 1] : outside(y, truth.box.y, truth.box.h);
    const double spread = config.sigmas[i] * 2;
    terms.push_back(std::exp(-((dx * dx + dy * dy) / (spread * spread) / area / 2)));
  }
  return pairwise_sum(terms) / static_cast<double>(terms.size());
}

OksAp oks_ap(std::span<const std::vector<OksImage>> categories, const OksConfig& config) {
  std::vector<CocoCurve> all, medium, large;
  for (const auto& images : categories) {
    std::vector<CocoImage> coco;
    for (const OksImage& image : images) coco.push_back(coco_image(image, config));
    all.push_back(coco_curve(coco, kAllAreas, kMaxDetections));
    medium.push_back(coco_curve(coco, kMediumAreas, kMaxDetections));
    large.push_back(coco_curve(coco, kLargeAreas, kMaxDetections));
  }
  return {{coco_ap(all), coco_ap(all, 0), coco_ap(all, 5), coco_ap(medium), coco_ap(large),
           coco_ar(all), coco_ar(all, 0), coco_ar(all, 5), coco_ar(medium), coco_ar(large)}};
}

std::string OksAp::text(OksKit kit) const {
  constexpr const char* kOverlaps[] = {"0.50:0.95", "0.50", "0.75", "0.50:0.95", "0.50:0.95"};
  constexpr const char* kAreas[] = {"all", "all", "all", "medium", "large"};
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool place_for_sign = kit == OksKit::kXtcoco;
    const std::string value =
        place_for_sign ? fmt::format("{: 0.3f}", values[i]) : fmt::format("{:0.3f}", values[i]);
    text += fmt::format(" {:<18} {} @[ IoU={:<9} | area={:>6} | maxDets={:>3} ] = {}\n",
                        i < 5 ? "Average Precision" : "Average Recall", i < 5 ? "(AP)" : "(AR)",
                        kOverlaps[i % 5], kAreas[i % 5], kMaxDetections, value);
  }
  return text;
}

}  // namespace vremd::eval
