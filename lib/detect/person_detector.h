// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "io/json.h"
#include "ops/device.h"
#include "ops/nms.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vremd::io {
class SafetensorsFile;
}

namespace vremd::detect {

class Detector;

struct DetectorOptions {
  std::vector<int> input_sizes{};  // longer sides, pixels; their boxes are merged; empty: default
  double min_score = 0.3;
  int max_people = 0;  // 0: all
  double nms_iou = 0;  // of two boxes of one person; 0: by model
  ops::DeviceChoice device{};
  ops::Precision precision = ops::Precision::kFp32;

  void validate() const;  // Error "--option: ..."
};

// Detects people in single frames. detect() is thread-safe; each thread must have called
// prepare_worker() and be in inference mode.
class PersonDetector {
 public:
  PersonDetector(const io::SafetensorsFile& weights, const DetectorOptions& options);
  ~PersonDetector();

  // By descending score; boxes are clipped to the frame and have an area.
  std::vector<ops::ScoredBox> detect(const Frame& frame) const;

  const std::string& device() const { return device_; }
  Json settings() const;  // everything that affects the results

 private:
  DetectorOptions options_;
  std::string device_;
  std::unique_ptr<Detector> detector_;
};

// Merges the boxes of several input sizes, in frame pixels: clips them to the frame, applies NMS
// and keeps the best `max_people` (0: all). A person detected at several sizes gets the
// score-weighted mean of the boxes and the best score: 2.7 points of AP more (NanoDet-g, 416 + 640)
// than the best box. Nothing else drops a box: some that lie inside another of similar size are a
// person's only one.
std::vector<ops::ScoredBox> merge_people(std::span<const std::vector<ops::ScoredBox>> by_size,
                                         int frame_width, int frame_height, double nms_iou,
                                         int max_people = 0);

}  // namespace vremd::detect
