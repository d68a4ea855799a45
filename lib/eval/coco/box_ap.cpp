// SPDX-License-Identifier: Apache-2.0
#include "eval/coco/box_ap.h"

#include "eval/coco/coco_ap.h"

#include <fmt/core.h>

#include <cmath>

namespace vremd::eval {
namespace {

constexpr std::size_t kMaxDetections = 100;

// Intersection over union, or over the detection's area if the truth is a crowd.
double overlap(const Box& detection, const TrueBox& truth) {
  const Box &d = detection, &g = truth.box;
  const double w = std::fmin(d.w + d.x, g.w + g.x) - std::fmax(d.x, g.x);
  if (w <= 0) return 0;
  const double h = std::fmin(d.h + d.y, g.h + g.y) - std::fmax(d.y, g.y);
  if (h <= 0) return 0;
  const double common = w * h;
  return common / (truth.crowd ? d.w * d.h : d.w * d.h + g.w * g.h - common);
}

CocoImage coco_image(const BoxImage& image) {
  CocoImage result;
  for (const TrueBox& truth : image.truths) {
    result.truths.push_back({truth.area, truth.crowd, truth.crowd});
  }
  for (const std::size_t i :
       stable_order(image.detections, [](const DetectedBox& d) { return -d.score; })) {
    if (result.detections.size() == kMaxDetections) break;
    const auto& [box, score] = image.detections[i];
    result.detections.push_back({score, box.w * box.h});
    for (const TrueBox& truth : image.truths) result.overlaps.push_back(overlap(box, truth));
  }
  return result;
}

}  // namespace

const std::array<const char*, 12> kBoxApNames = {"AP",       "AP50",    "AP75",     "APsmall",
                                                 "APmedium", "APlarge", "AR1",      "AR10",
                                                 "AR100",    "ARsmall", "ARmedium", "ARlarge"};

BoxAp box_ap(std::span<const BoxImage> images) {
  std::vector<CocoImage> coco;
  for (const BoxImage& image : images) coco.push_back(coco_image(image));
  const auto curve = [&coco](CocoAreas areas, std::size_t max_detections = kMaxDetections) {
    return std::array{coco_curve(coco, areas, max_detections)};
  };
  const auto all = curve(kAllAreas), small = curve(kSmallAreas), medium = curve(kMediumAreas),
             large = curve(kLargeAreas);
  return {{coco_ap(all), coco_ap(all, 0), coco_ap(all, 5), coco_ap(small), coco_ap(medium),
           coco_ap(large), coco_ar(curve(kAllAreas, 1)), coco_ar(curve(kAllAreas, 10)),
           coco_ar(all), coco_ar(small), coco_ar(medium), coco_ar(large)}};
}

std::string BoxAp::text() const {
  constexpr const char* kAreas[] = {"all", "all", "all", "small", "medium", "large"};
  std::string text;
  for (int i = 0; i < 12; ++i) {
    const char* threshold = i == 1 ? "0.50" : i == 2 ? "0.75" : "0.50:0.95";
    const int detections = i == 6 ? 1 : i == 7 ? 10 : 100;
    text += fmt::format(" {:<18} {} @[ IoU={:<9} | area={:>6} | maxDets={:>3} ] = {:0.3f}\n",
                        i < 6 ? "Average Precision" : "Average Recall", i < 6 ? "(AP)" : "(AR)",
                        threshold, kAreas[i % 6], detections, values[i]);
  }
  return text;
}

}  // namespace vremd::eval
