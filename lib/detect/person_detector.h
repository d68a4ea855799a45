// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"
#include "ops/nms.h"
#include "video/frame.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vremd {

class SafetensorsFile;

struct DetectorOptions {
  std::vector<int> input_sizes{416, 640};  // longer sides, pixels; the boxes are merged
  double min_score = 0.3;
  double nms_iou = 0.6;  // two boxes with more are the same person
  int max_people = 0;    // the best so many; 0: all
  std::string device = "auto";
  bool bf16 = false;

  void validate() const;  // Error "--option: what"
  Json settings() const;  // what can change a result
};

// Finds people in single frames. detect() may be called by several threads at once, each with
// LibTorch at one thread (prepare_worker) and in inference mode.
class PersonDetector {
 public:
  PersonDetector(const SafetensorsFile& weights, const DetectorOptions& options);
  ~PersonDetector();

  // The frame's people, best score first, boxes clipped to the frame, none without area.
  std::vector<ScoredBox> detect(const Frame& frame) const;

  std::string device() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A frame as the network sees it, and back.
struct NetworkPicture {
  at::Tensor picture_nchw;  // [1, 3, H, W], BGR, normalised
  double scale_x = 1, scale_y = 1;  // network pixels per frame pixel
};

// Longer side = `size` with the aspect kept (an antialiasing triangle filter), black to the right
// and below up to multiples of 32.
NetworkPicture network_picture(const Frame& frame, int size, const c10::Device& device,
                               at::ScalarType type);

// People in one map of NanoDet, [124, H, W] float32 on the CPU: scores of at least `min_score`,
// boxes in network pixels. Appended in row-major order.
void decode_people(const at::Tensor& map_chw, int stride, double min_score,
                   std::vector<ScoredBox>& boxes);

// What was found at each size, in frame pixels -> people: clipped to the frame, suppressed, the
// best kept. Someone who was found at several sizes gets the mean of these boxes, weighted by
// their scores, and the best score: 2.7 points of AP better (416 + 640) than the best box.
std::vector<ScoredBox> merge_people(std::span<const std::vector<ScoredBox>> by_size,
                                    int frame_width, int frame_height,
                                    const DetectorOptions& options);

}  // namespace vremd
