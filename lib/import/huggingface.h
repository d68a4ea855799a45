// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/safetensors.h"
#include "model/vremd.h"

#include <string>

namespace vremd::importer {

// Error if VitPoseForPoseEstimation cannot represent the model (other backbones, three frames,
// geometry classic, a crop enlargement other than 1.25). Messages name `source`, its file.
void check_huggingface(const model::ModelConfig& config, const std::string& source);

// Writes a single-frame ViTPose in the format of transformers (VitPoseForPoseEstimation):
// `folder`/model.safetensors, preprocessor_config.json, config.json. Matrices in `dtype`, other
// tensors in float32. Error: existing files without `force`; those of check_huggingface().
void export_huggingface(const model::VremdImpl& model, const std::string& source,
                        const std::string& folder, io::DType dtype, bool force);

}  // namespace vremd::importer
