// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/vremd.h"
#include "train/presets.h"

#include <ATen/Context.h>

#include <memory>
#include <string>

namespace vremd {

inline model::ModelConfig network_of_preset(const std::string& preset) {
  train::TrainConfig config;
  train::apply_preset(config, preset);
  return config.model;
}

// A whole model that runs in milliseconds: ViT of width 64 with 2 blocks, every module one block
// deep, crops of 96 x 64. Equal seeds give equal weights.
inline model::ModelConfig tiny_config(const std::string& preset = "narrow") {
  model::ModelConfig config = network_of_preset(preset);
  config.backbone.size = model::VitSize::kTiny;
  config.input.size = {96, 64};
  config.hm.channels = 32;
  return config;
}

// Random weights that make heatmaps with peaks (an untrained final layer is nearly zero). For a
// single-frame model take the preset "table4_baseline".
inline std::shared_ptr<model::VremdImpl> tiny_model(
    std::uint64_t seed = 1, const model::ModelConfig& config = tiny_config()) {
  at::manual_seed(seed);
  auto model = std::make_shared<model::VremdImpl>(config);
  model->init();
  at::NoGradGuard no_grad;
  for (auto& item : model->named_parameters()) {
    if (item.value().dim() >= 2) item.value().normal_(0, 0.1);
  }
  model->eval();
  return model;
}

}  // namespace vremd
