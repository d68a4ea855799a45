// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/safetensors.h"
#include "model/config.h"
#include "model/score_calibration.h"

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace torch::nn {
class Module;
}

namespace vremd::model {

struct VremdImpl;  // vremd.h

// Weights files of pose models: safetensors with the names of METHOD 12; metadata "kind" = "pose",
// "vremd_config" = the ModelConfig as JSON, "score_calibration" if their scores were fitted
// (METHOD 2.4).

struct LoadedModel {
  std::shared_ptr<VremdImpl> model;  // float32, evaluation mode, on the CPU
  ModelConfig config;
  std::optional<ScoreCalibration> calibration;
  std::string sha256;  // of the file
  std::map<std::string, std::string> metadata;
};

// The configuration in a weights file, if any. Error: it is invalid.
std::optional<ModelConfig> stored_config(const io::SafetensorsFile& file);
inline std::optional<ModelConfig> stored_config(const std::string& name) {  // as of find_weights()
  return stored_config(io::SafetensorsFile(io::find_weights(name)));
}

// Error: a tensor is missing, unknown or of the wrong shape.
LoadedModel load_model(const std::string& path);

// Matrices and kernels in `dtype` (F32, F16, BF16), vectors and batch statistics in float32.
// `extra` is added to the metadata; its "kind" "backbone" stores only the backbone, to start a
// training from. Error: a value is not finite in `dtype`, or the file exists
// (without `force`).
void save_model(const std::string& path, const VremdImpl& model, io::DType dtype,
                const std::map<std::string, std::string>& extra = {}, bool force = true);

// Parameters and batch statistics by name.
std::map<std::string, at::Tensor> state_of(const torch::nn::Module& module);

// Sets every tensor of `module` (state_of) from the file, in float32. Names with the prefix
// `optional`, if not empty, may be missing in the file and then keep their values.
void load_state(torch::nn::Module& module, const io::SafetensorsFile& file,
                const std::string& optional = {});

}  // namespace vremd::model
