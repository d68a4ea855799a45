// SPDX-License-Identifier: Apache-2.0
#pragma once

// A YOLOX with random weights under the official names.

#include "detect/yolox.h"
#include "make_pth.h"

#include <cmath>
#include <random>
#include <string>

namespace vremd {

inline make_pth::FloatTensors official_yolox(const detect::YoloxShape& shape) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  make_pth::FloatTensors tensors;
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& sizes, float mean,
                       float sigma) {
    std::int64_t count = 1;
    for (const std::int64_t size : sizes) count *= size;
    make_pth::FloatTensor tensor{sizes, std::vector<float>(static_cast<std::size_t>(count))};
    for (float& value : tensor.values) value = mean + sigma * normal(random);
    tensors[name] = tensor;
  };
  for (const detect::ConvShape& layer : detect::yolox_layers(shape)) {
    const auto weight = layer.weight_shape();
    const auto sigma = 1 / std::sqrt(static_cast<float>(weight[1] * weight[2] * weight[3]));
    if (layer.name.find("_preds.") != std::string::npos) {
      add(layer.name + ".weight", weight, 0, sigma);
      add(layer.name + ".bias", {layer.out}, 0, 0.1F);
      continue;
    }
    std::string module = layer.name;
    if (module == "backbone.stem") module += ".conv";
    if (module.starts_with("backbone.")) module = "backbone." + module;
    if (module.starts_with("neck.")) module = "backbone." + module.substr(5);
    add(module + ".conv.weight", weight, 0, sigma);
    add(module + ".bn.weight", {layer.out}, 1, 0.1F);
    add(module + ".bn.bias", {layer.out}, 0, 0.1F);
    add(module + ".bn.running_mean", {layer.out}, 0, 0.1F);
    add(module + ".bn.running_var", {layer.out}, 1, 0.1F);
    tensors[module + ".bn.num_batches_tracked"] = {{}, {5}};
  }
  return tensors;
}

}  // namespace vremd
