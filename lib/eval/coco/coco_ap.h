// SPDX-License-Identifier: Apache-2.0
#pragma once

// COCO's average precision and recall, common to boxes and keypoints, bit for bit as in cocoapi
// (SCORING 8).

#include "core/geometry.h"
#include "eval/bootstrap/resampled.h"
#include "io/json.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace vremd::eval {

struct CocoTruth {
  double area = 0;
  bool crowd = false;    // any number of detections may match it
  bool ignored = false;  // neither found nor missed, whatever its area
  bool unseen = false;   // takes its detection, which still counts as unmatched
};

struct CocoDetection {
  double score = 0;
  double area = 0;  // an unmatched detection is wrong only in the range of its area
};

// One image, and one category.
struct CocoImage {
  std::vector<CocoTruth> truths;
  std::vector<CocoDetection> detections;  // by descending score
  std::vector<double> overlaps;           // detections x truths, row by row
};

struct CocoAreas {
  const char* name;
  double low, high;  // both included
  bool holds(double area) const { return !(area < low || area > high); }
};
constexpr CocoAreas kAllAreas{"all", 0, 1e10}, kSmallAreas{"small", 0, 32 * 32},
    kMediumAreas{"medium", 32 * 32, 96 * 96}, kLargeAreas{"large", 96 * 96, 1e10};

enum class CocoRate { kPrecision, kRecall };
enum CocoThreshold : int { kAllThresholds = -1, kThreshold50 = 0, kThreshold75 = 5 };

struct CocoMetric {
  const char* name;  // "AP50"
  CocoRate rate;
  CocoThreshold threshold;  // of the overlap: one, or the mean over 0.50, 0.55 ... 0.95
  CocoAreas areas;
  std::size_t max_detections;  // per image, the best
};

struct CocoScores {
  std::span<const CocoMetric> metrics;
  std::vector<double> values;  // of the metrics; -1: no truth counts

  // cocoapi's lines; with `sign`, xtcocotools', which reserve a column for the sign.
  std::string text(bool sign = false) const;
  Json json() const;  // by name
};

// `categories`: the images of each in ascending order of their ids, which breaks ties between
// scores.
CocoScores coco_scores(std::span<const CocoMetric> metrics,
                       std::span<const std::vector<CocoImage>> categories);

// The same for resampled units. `unit_of`: the unit of each image; empty: each is one.
std::unique_ptr<const Resampled> resampled_coco(std::span<const CocoMetric> metrics,
                                                std::span<const std::vector<CocoImage>> categories,
                                                std::span<const std::size_t> unit_of);

// Indices in ascending order of the key, stable.
template <typename T, typename Key>
std::vector<std::size_t> stable_order(const std::vector<T>& items, Key key) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return key(items[i]); });
  return order;
}

struct TrueBox {
  Box box;
  double area = 0;     // for small, medium, large; of the segmentation if known
  bool crowd = false;  // ignored, as are detections inside it
};

struct DetectedBox {
  Box box;
  double score = 0;  // finite
};

struct BoxImage {
  std::vector<TrueBox> truths;
  std::vector<DetectedBox> detections;
};

// cocoapi's twelve scores of boxes for one category (SCORING 8b). The images in ascending order of
// their ids, which breaks ties between scores.
CocoScores box_ap(std::span<const BoxImage> images);
std::unique_ptr<const Resampled> resampled_box_ap(std::span<const BoxImage> images,
                                                  std::span<const std::size_t> unit_of);

}  // namespace vremd::eval
