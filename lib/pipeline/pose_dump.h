// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/pose_estimator.h"

#include <string>

namespace vremd::pipeline {

// Writes what each person's keypoints were made of: DIR/VVV_FFFFFF_II.safetensors, numbers of
// the video, the frame and the instance from 0, all tensors as float32. The metadata tell frame,
// box, neighbours, joints of the heatmaps and the crop's affine map (crop pixels -> frame).
class PoseDump {
 public:
  // Makes the folder. `model` is the SHA-256 of the weights.
  PoseDump(std::string folder, const model::ModelConfig& config, ops::CropSpec spec,
           std::string model);

  void operator()(const Person& person, const NamedTensors& tensors) const;

 private:
  std::string folder_, model_, joints_;
  ops::CropSpec spec_;
};

}  // namespace vremd::pipeline
