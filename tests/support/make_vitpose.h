// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small networks of ours with the tensor names of other projects.

#include "import/vit_names.h"
#include "make_pth.h"
#include "model/vremd.h"
#include "model/weights.h"

#include <ATen/Context.h>

#include <memory>
#include <string>

namespace vremd {

inline make_pth::FloatTensor to_floats(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::kFloat).contiguous();
  const float* begin = values.data_ptr<float>();
  return {values.sizes().vec(), {begin, begin + values.numel()}};
}

// ViTPose 64 wide with 2 blocks and random weights.
inline std::shared_ptr<model::VremdImpl> small_vitpose(model::HeadKind head, double ln_eps = 1e-6) {
  model::ModelConfig config;
  config.hkme.enabled = config.bmd.enabled = false;
  config.model.joints = "coco17";
  config.backbone.size = model::VitSize::kTiny;
  config.backbone.ln_eps = ln_eps;
  config.model.head = head;
  config.hm.channels = 8;
  at::manual_seed(3);
  auto model = std::make_shared<model::VremdImpl>(config);
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : model::state_of(*model)) {
    tensor.normal_(0, 0.2);
    if (name.ends_with("running_var")) tensor.abs_().add_(0.5);
  }
  model->eval();
  return model;
}

inline make_pth::FloatTensors with_names(const model::VremdImpl& model, importer::VitNames names) {
  make_pth::FloatTensors result;
  for (const auto& [ours, tensor] : model::state_of(model)) {
    const auto theirs = importer::names_of(names, ours);
    if (theirs.empty()) continue;
    const auto rows = tensor.chunk(static_cast<std::int64_t>(theirs.size()));
    for (std::size_t i = 0; i < theirs.size(); ++i) result[theirs[i]] = to_floats(rows[i]);
  }
  return result;
}

// The first `rows` rows, and the others.
inline std::pair<make_pth::FloatTensor, make_pth::FloatTensor> split_rows(
    const make_pth::FloatTensor& tensor, std::int64_t rows) {
  const std::int64_t width = std::ssize(tensor.values) / tensor.shape[0];
  make_pth::FloatTensor first = tensor, rest = tensor;
  first.shape[0] = rows;
  rest.shape[0] -= rows;
  first.values.resize(static_cast<std::size_t>(rows * width));
  rest.values.erase(rest.values.begin(), rest.values.begin() + rows * width);
  return {first, rest};
}

// ViTPose+ of the official repository, expert `expert` of two being `model`'s own, 16 of whose 64
// last rows are the expert's.
inline make_pth::FloatTensors with_experts(const model::VremdImpl& model, int expert) {
  constexpr std::int64_t kPart = 16;
  make_pth::FloatTensors all = with_names(model, importer::VitNames::kVitpose), result;
  for (const auto& [name, tensor] : all) {
    const std::string own = importer::expert_name(importer::VitNames::kVitpose, name, expert);
    if (own.empty()) {
      result[name] = tensor;
      continue;
    }
    auto [common, part] = split_rows(tensor, tensor.shape[0] - kPart);
    result[name] = common;
    result[own] = part;
    for (float& value : part.values) value = 1 - value;
    result[importer::expert_name(importer::VitNames::kVitpose, name, 1 - expert)] = part;
  }
  return result;
}

inline at::Tensor heatmaps_of(model::VremdImpl& model) {
  at::NoGradGuard no_grad;
  at::manual_seed(5);
  const at::Tensor crop =
      at::randn({1, 3, model.config.input_height(), model.config.input_width()});
  return model.forward(model.features(crop).unsqueeze(1)).heatmaps_bkhw;
}

}  // namespace vremd
