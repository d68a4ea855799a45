// SPDX-License-Identifier: Apache-2.0
#pragma once

// Matching and precision-recall curves common to COCO's scores of boxes and keypoints, bit for bit
// as in cocoapi (SCORING 8).

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace vremd::eval {

constexpr int kCocoThresholds = 10;  // of the overlap: 0.50, 0.55 ... 0.95
constexpr int kCocoRecalls = 101;    // 0.00, 0.01 ... 1.00

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
  double low, high;  // both included
  bool holds(double area) const { return !(area < low || area > high); }
};
constexpr CocoAreas kAllAreas{0, 1e10}, kSmallAreas{0, 32 * 32}, kMediumAreas{32 * 32, 96 * 96},
    kLargeAreas{96 * 96, 1e10};

struct CocoCurve {
  bool exists = false;  // false: no truth counts
  std::array<std::array<double, kCocoRecalls>, kCocoThresholds> precision{};
  std::array<double, kCocoThresholds> recall{};
};

// All images of one category, in ascending order of their ids (which breaks ties between scores),
// with at most `max_detections` each.
CocoCurve coco_curve(std::span<const CocoImage> images, CocoAreas areas,
                     std::size_t max_detections);

// Means over the categories' curves, of all thresholds or of one. -1: no curve exists.
constexpr int kAllThresholds = -1;
double coco_ap(std::span<const CocoCurve> categories, int threshold = kAllThresholds);
double coco_ar(std::span<const CocoCurve> categories, int threshold = kAllThresholds);

// Indices in ascending order of the key, stable.
template <typename T, typename Key>
std::vector<std::size_t> stable_order(const std::vector<T>& items, Key key) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key(items[a]) < key(items[b]); });
  return order;
}

}  // namespace vremd::eval
