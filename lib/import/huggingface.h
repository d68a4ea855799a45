// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/safetensors.h"
#include "model/vremd.h"

#include <string>

namespace vremd::importer {

// A single-frame ViTPose of ours as transformers stores one (VitPoseForPoseEstimation):
// `folder`/model.safetensors, preprocessor_config.json, config.json. Matrices in `dtype`, the rest
// in float32. Files that are there are an Error without `force`, as is a model that their class
// cannot be: other backbones, three frames, geometry classic, another enlargement than 1.25;
// `source`, the file that it came from, is for that message.
void export_huggingface(const model::VremdImpl& model, const std::string& source,
                        const std::string& folder, io::DType dtype, bool force);

}  // namespace vremd::importer
