// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/safetensors.h"

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vremd::detect {

// Which YOLOX (arXiv 2107.08430, github.com/Megvii-BaseDetection/YOLOX): its weights tell.
struct YoloxShape {
  std::int64_t width = 32;  // channels of the stem: 16, 24, 32, 48, 64, 80 of nano, tiny, s ... x
  int depth = 1;            // bottlenecks of the first stage: 1, 1, 1, 2, 3, 4
  bool depthwise = false;   // nano: 3 x 3 convolutions are depthwise and pointwise ones
  std::int64_t classes = 80;

  std::string name() const;  // "yolox-s"; "yolox-custom" where it is none of the six
};

// A convolution with its batch norm folded into it: `name`.weight, `name`.bias.
struct YoloxLayer {
  std::string name;
  std::int64_t in, out, kernel;
  bool depthwise = false;  // one filter for each channel

  std::vector<std::int64_t> weight_shape() const;
};

// Every layer of such a network, in the order of its figure: "backbone" (CSPDarknet), "neck" (path
// aggregation), "head" (decoupled, for strides 8, 16, 32), below them the official names.
std::vector<YoloxLayer> yolox_layers(const YoloxShape& shape);

// YOLOX of any of its sizes, SiLU everywhere. Of the classes only the first one, person, is
// computed.
class Yolox {
 public:
  static constexpr std::array<int, 3> kStrides{8, 16, 32};
  static constexpr int kChannels = 6;

  // The tensors of a weights file, `path`. Names and shapes must agree in both directions: the
  // Error names the first that does not.
  Yolox(const std::map<std::string, io::TensorView>& tensors, const std::string& path,
        const c10::Device& device, at::ScalarType type);

  const YoloxShape& shape() const { return shape_; }

  // pictures [N, 3, H, W]: BGR, 0 to 255, sides that are multiples of 32, on the device and in the
  // type of the weights. Gives for each stride [N, 6, H / stride, W / stride]: centre x, y less
  // the cell's and log width, log height, all in strides; the logits of an object's being there
  // and of its being a person. Threads may share it.
  std::array<at::Tensor, 3> forward(const at::Tensor& pictures_nchw) const;

 private:
  struct Layer {
    at::Tensor weight, bias;
    std::int64_t groups = 1;
  };

  at::Tensor convolve(const at::Tensor& x, const std::string& name, int stride = 1) const;
  at::Tensor predict(const at::Tensor& x, const std::string& name) const;
  at::Tensor csp(const at::Tensor& x, const std::string& name, int bottlenecks,
                 bool shortcut) const;
  at::Tensor spp(const at::Tensor& x, const std::string& name) const;

  YoloxShape shape_;
  std::map<std::string, Layer> layers_;
};

// The shape that the layers of a file have; an Error where they are of no YOLOX. Sizes are by the
// names of YoloxLayer.
YoloxShape yolox_shape(const std::map<std::string, std::vector<std::int64_t>>& sizes,
                       const std::string& path);

}  // namespace vremd::detect
