// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "io/safetensors.h"
#include "ops/conv2d.h"
#include "ops/nms.h"

#include <ATen/core/Tensor.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vremd::detect {

constexpr int kSizeStep = 32;                      // input sides are multiples of this
constexpr std::array<int, 3> kStrides{8, 16, 32};  // of the output maps

// A convolution with its folded batch norm: `name`.weight, `name`.bias.
struct ConvShape {
  std::string name;
  std::int64_t in, out, kernel;
  bool depthwise = false;  // one filter per channel

  std::vector<std::int64_t> weight_shape() const {
    return {out, depthwise ? 1 : in, kernel, kernel};
  }
};

// Network input; scale: network pixels per frame pixel.
struct DetectorInput {
  at::Tensor picture_nchw;
  double scale_x = 1, scale_y = 1;
};

// A detector network with its pre- and postprocessing. Threads may share it.
class Detector {
 public:
  struct Traits {
    std::string name;
    // Scales a frame so that its longer side is `size`.
    DetectorInput (*input)(const Frame& frame, int size, const c10::Device& device,
                           at::ScalarType type);
    // Decodes one map [C, H, W], float32 on the CPU; appends the people in network pixels,
    // row-major.
    void (*decode)(const at::Tensor& map_chw, int stride, double min_score,
                   std::vector<ops::ScoredBox>& boxes);
    std::vector<int> default_sizes;
    double nms_iou;  // boxes that overlap by more are the same person
  };

  virtual ~Detector() = default;
  const Traits& traits() const { return traits_; }

  // People with a score of at least `min_score`, in frame pixels. Boxes are not suppressed and may
  // extend beyond the frame.
  std::vector<ops::ScoredBox> detect(const Frame& frame, int size, double min_score) const;

  // pictures [N, 3, H, W] as made by Traits::input, H and W multiples of 32, device and type of the
  // weights. Returns a map [N, C, H / stride, W / stride] per stride.
  std::array<at::Tensor, 3> forward(const at::Tensor& pictures_nchw) const;

 protected:
  struct Layer {
    at::Tensor weight, bias;
    std::int64_t groups = 1;
    std::shared_ptr<ops::PackedWeight> packed = std::make_shared<ops::PackedWeight>();
  };

  // Tensors of the weights file `path`. Error: one is missing, unknown or of the wrong shape.
  Detector(Traits traits, const std::map<std::string, io::TensorView>& tensors,
           const std::string& path, const std::vector<ConvShape>& layers, const c10::Device& device,
           at::ScalarType type);

  virtual std::array<at::Tensor, 3> run(const at::Tensor& pictures_nchw) const = 0;
  at::Tensor convolve(const at::Tensor& x, const std::string& layer, int stride = 1,
                      ops::Activation activation = ops::Activation::kNone) const;

  std::map<std::string, Layer> layers_;

 private:
  Traits traits_;
  c10::Device device_;
  at::ScalarType type_;
};

at::Tensor rgb_nchw(const Frame& frame);  // bytes [1, 3, H, W], a view of the frame

inline double sigmoid(float logit) { return 1 / (1 + std::exp(-static_cast<double>(logit))); }

}  // namespace vremd::detect
