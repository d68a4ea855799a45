// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/find_weights.h"
#include "io/safetensors.h"
#include "model/vremd.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::model {

// The weights file of a pose model: safetensors; metadata "kind" = "pose" and "vremd_config" =
// the ModelConfig as JSON; the tensors have METHOD 12's names.

struct LoadedModel {
  std::shared_ptr<VremdImpl> model;  // float32, evaluation mode, on the CPU
  ModelConfig config;
  std::string sha256;  // of the file
  std::map<std::string, std::string> metadata;
};

// The configuration that a file of ours holds; nothing where it holds none. An Error where it is
// damaged.
std::optional<ModelConfig> stored_config(const io::SafetensorsFile& file);

// Names and shapes must agree in both directions: the Error names the first that does not.
LoadedModel load_model(const std::string& path);

// Matrices and kernels in `dtype` (F32, F16, BF16), vectors and batch statistics in float32. A
// value that is not finite, or not in `dtype`, is an Error. `extra` is added to the metadata.
// A file that is there is an Error without `force`.
void save_model(const std::string& path, const VremdImpl& model, io::DType dtype,
                const std::map<std::string, std::string>& extra = {}, bool force = true);

// The backbone of `model` alone, "kind" = "backbone": what vremd-train can start from.
void save_backbone(const std::string& path, const VremdImpl& model, io::DType dtype,
                   const std::map<std::string, std::string>& extra = {}, bool force = true);

// Parameters and batch statistics by name.
std::map<std::string, at::Tensor> state_of(const torch::nn::Module& module);

// Sets every tensor of `module` (state_of) from the file's, in float32. Those whose names begin
// with `beside`, if it is not empty, may be missing in the file: they stay.
void load_state(torch::nn::Module& module, const io::SafetensorsFile& file,
                const std::string& beside = {});

}  // namespace vremd::model
