// SPDX-License-Identifier: Apache-2.0
#pragma once

// COCO's average precision of boxes, bit for bit as cocoapi computes it for one category
// (SCORING 8b).

#include "core/geometry.h"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace vremd::eval {

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

struct BoxAp {
  // In cocoapi's order: AP, AP50, AP75, AP small, medium, large; AR with 1, 10, 100 detections per
  // image; AR small, medium, large. -1: no such true box.
  std::array<double, 12> values{};

  std::string text() const;  // the twelve lines of cocoapi
};

// Short names of the twelve, such as "AP50".
extern const std::array<const char*, 12> kBoxApNames;

// The images in ascending order of their ids, which breaks ties between scores.
BoxAp box_ap(std::span<const BoxImage> images);

}  // namespace vremd::eval
