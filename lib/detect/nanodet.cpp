// SPDX-License-Identifier: Apache-2.0
#include "detect/nanodet.h"

#include "core/error.h"
#include "io/safetensors.h"
#include "ops/stored_tensors.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

namespace vremd::detect {
namespace {

constexpr std::array<int, 4> kBlocks{1, 2, 2, 3};  // of the stages
constexpr int kWidth = 128;                        // of neck and head

struct LayerShape {
  std::string name;
  std::int64_t in, out, kernel;
};

std::string stage_name(int number) { return fmt::format("backbone.stage_{}", number); }

std::vector<LayerShape> layer_shapes() {
  std::vector<LayerShape> layers{{"backbone.stem", 3, 32, 3}};
  std::int64_t width = 32;
  for (int s = 1; s <= 4; ++s) {
    const std::string stage = stage_name(s);
    layers.push_back({stage + ".enter", width, width, 3});
    for (int b = 1; b <= kBlocks[s - 1]; ++b) {
      const std::string block = fmt::format("{}.block_{}", stage, b);
      layers.push_back({block + ".first", width, width / 2, 3});
      layers.push_back({block + ".second", width / 2, width / 2, 3});
    }
    layers.push_back({stage + ".leave", width, width, 3});
    width *= 2;
    if (s >= 2) layers.push_back({fmt::format("neck.lateral_{}", 2 << s), width, kWidth, 1});
  }
  for (const int stride : Nanodet::kStrides) {
    layers.push_back({fmt::format("head.stride_{}.features", stride), kWidth, kWidth, 3});
    layers.push_back({fmt::format("head.stride_{}.output", stride), kWidth, Nanodet::kChannels, 1});
  }
  return layers;
}

at::Tensor enlarge(const at::Tensor& x) {
  return at::upsample_bilinear2d(x, {2 * x.size(2), 2 * x.size(3)}, /*align_corners=*/false);
}

// What bilinear sampling at half the size comes to.
at::Tensor halve(const at::Tensor& x) { return at::avg_pool2d(x, {2, 2}); }

}  // namespace

Nanodet::Nanodet(const io::SafetensorsFile& file, const c10::Device& device, at::ScalarType type) {
  const auto layers = layer_shapes();
  for (const LayerShape& layer : layers) {
    const at::Tensor weight = ops::read_tensor(file, layer.name + ".weight",
                                               {layer.out, layer.in, layer.kernel, layer.kernel});
    const at::Tensor bias = ops::read_tensor(file, layer.name + ".bias", {layer.out});
    // Channels last is what oneDNN and cuDNN convolve fastest.
    layers_[layer.name] = {weight.to(device, type).contiguous(at::MemoryFormat::ChannelsLast),
                           bias.to(device, type)};
  }
  if (file.tensors().size() != 2 * layers.size()) {
    for (const auto& [name, view] : file.tensors()) {
      const std::string layer = name.substr(0, name.rfind('.'));
      if (!layers_.contains(layer)) fail("{}: {} is no part of nanodet-g", file.path(), name);
    }
  }
}

at::Tensor Nanodet::convolve(const at::Tensor& x, const std::string& name, int stride,
                             Activation activation) const {
  const Layer& layer = layers_.at(name);
  const std::int64_t padding = layer.weight.size(2) / 2;
  at::Tensor y = at::conv2d(x, layer.weight, layer.bias, stride, padding);
  return activation == Activation::kLeaky ? at::leaky_relu_(y, 0.1) : y;
}

// CSP: what entered goes around the blocks. Each block halves the channels and joins both halves.
at::Tensor Nanodet::stage(const at::Tensor& x, int number) const {
  const std::string name = stage_name(number);
  const at::Tensor entered = convolve(x, name + ".enter", number == 1 ? 1 : 2);
  at::Tensor y = entered;
  for (int b = 1; b <= kBlocks[number - 1]; ++b) {
    const std::string block = fmt::format("{}.block_{}", name, b);
    const at::Tensor first = convolve(y, block + ".first");
    y = at::cat({convolve(first, block + ".second"), first}, 1);
  }
  return at::cat({convolve(y, name + ".leave"), entered}, 1);
}

std::array<at::Tensor, 3> Nanodet::forward(const at::Tensor& pictures_nchw) const {
  const at::Tensor& x = pictures_nchw;
  if (x.dim() != 4 || x.size(1) != 3 || x.size(2) % 32 || x.size(3) % 32 || x.numel() == 0) {
    fail("nanodet: pictures of {}", fmt::join(x.sizes(), " x "));
  }
  const auto none = Activation::kNone;
  at::Tensor y = convolve(x.contiguous(at::MemoryFormat::ChannelsLast), "backbone.stem", 2);
  y = at::max_pool2d(y, {3, 3}, {2, 2}, {1, 1});
  y = stage(stage(y, 1), 2);
  const at::Tensor side_8 = convolve(y, "neck.lateral_8", 1, none);
  y = stage(y, 3);
  const at::Tensor side_16 = convolve(y, "neck.lateral_16", 1, none);
  const at::Tensor side_32 = convolve(stage(y, 4), "neck.lateral_32", 1, none);

  const at::Tensor down_16 = side_16.add(enlarge(side_32));
  const at::Tensor out_8 = side_8.add(enlarge(down_16));
  const at::Tensor out_16 = down_16.add(halve(out_8));
  const at::Tensor out_32 = side_32.add(halve(out_16));

  const auto head = [&](const at::Tensor& map, int stride) {
    const std::string name = fmt::format("head.stride_{}", stride);
    return convolve(convolve(map, name + ".features"), name + ".output", 1, none);
  };
  return {head(out_8, 8), head(out_16, 16), head(out_32, 32)};
}

}  // namespace vremd::detect
