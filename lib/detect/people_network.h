// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/nms.h"
#include "video/frame.h"

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <vector>

namespace vremd {

class SafetensorsFile;

constexpr int kNetworkStep = 32;  // sides of every network's input are multiples

// What finds people in single frames, whatever its architecture. Threads may share it.
class PeopleNetwork {
 public:
  virtual ~PeopleNetwork() = default;

  // People of at least `min_score` in frame pixels, where the longer side of the frame is `size`
  // for the network. Several boxes may be the same person; they may reach out of the frame.
  virtual std::vector<ScoredBox> find(const Frame& frame, int size, double min_score) const = 0;

  virtual std::vector<int> own_sizes() const = 0;  // that are taken where nobody asks for others
  virtual double own_nms_iou() const = 0;          // two boxes with more are the same person
};

// By the architecture that the weights name. An Error for those of something else.
std::unique_ptr<PeopleNetwork> make_people_network(const SafetensorsFile& weights,
                                                   const c10::Device& device, at::ScalarType type);

}  // namespace vremd
