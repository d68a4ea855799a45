// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "io/json.h"
#include "ops/nms.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vremd::io {
class SafetensorsFile;
}

namespace vremd::detect {

struct DetectorOptions {
  std::vector<int> input_sizes{};  // longer sides, pixels, the boxes are merged; none: its own
  double min_score = 0.3;
  int max_people = 0;  // the best so many; 0: all
  std::string device = "auto";
  bool bf16 = false;

  void validate() const;  // Error "--option: what"
};

// Finds people in single frames. detect() may be called by several threads at once, each with
// LibTorch at one thread (prepare_worker) and in inference mode.
class PersonDetector {
 public:
  PersonDetector(const io::SafetensorsFile& weights, const DetectorOptions& options);
  ~PersonDetector();

  // The frame's people, best score first, boxes clipped to the frame, none without area.
  std::vector<ops::ScoredBox> detect(const Frame& frame) const;

  std::string device() const;
  Json settings() const;  // what can change a result

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What was found at each size, in frame pixels -> people: clipped to the frame, suppressed where
// two overlap by more than `nms_iou`, the best `max_people` kept (0: all). Someone who was found at
// several sizes gets the mean of these boxes, weighted by their scores, and the best score: 2.7
// points of AP better (NanoDet-g, 416 + 640) than the best box.
std::vector<ops::ScoredBox> merge_people(std::span<const std::vector<ops::ScoredBox>> by_size,
                                         int frame_width, int frame_height, double nms_iou,
                                         int max_people = 0);

}  // namespace vremd::detect
