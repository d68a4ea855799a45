// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/pose_estimator.h"

#include <string>

namespace vremd::pipeline {

// Writes the intermediate tensors of each person to DIR/VVV_FFFFFF_II.safetensors (video, frame and
// instance from 0), in float32. The metadata contain frame, box, neighbours, joints of the
// heatmaps, the crop's affine map (crop pixels -> frame) and the weights.
class PoseDump {
 public:
  // Creates the directory. `model` is the SHA-256 of the weights.
  PoseDump(std::string folder, const model::ModelConfig& config, ops::CropSpec spec,
           std::string model);

  void operator()(const Person& person, const NamedTensors& tensors) const;

 private:
  std::string folder_, model_, joints_;
  ops::CropSpec spec_;
};

}  // namespace vremd::pipeline
