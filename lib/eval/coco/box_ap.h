// SPDX-License-Identifier: Apache-2.0
#pragma once

// COCO's average precision of boxes, bit for bit as cocoapi computes it for one category (EVAL 8b).

#include "core/geometry.h"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace vremd::eval {

struct TrueBox {
  Box box;
  double area = 0;     // decides small, medium or large; of the segmentation where it is known
  bool crowd = false;  // neither found nor missed; detections inside it do not count
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
  // image; AR small, medium, large. -1: there is no such true box.
  std::array<double, 12> values{};

  std::string text() const;  // the twelve lines of cocoapi
};

// Short names of the twelve, such as "AP50".
extern const std::array<const char*, 12> kBoxApNames;

// The images in ascending order of their ids: it decides between equal scores.
BoxAp box_ap(std::span<const BoxImage> images);

}  // namespace vremd::eval
