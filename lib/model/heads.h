// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/layers.h"

namespace vremd::model {

// H_k (METHOD 7): one heatmap per keypoint token of the key frame.
struct HkImpl : Layer {
  explicit HkImpl(const ModelConfig& config);
  at::Tensor forward(const at::Tensor& tokens_bjd);  // [B, J, heatmap_h, heatmap_w]
  void init() override;

 private:
  std::int64_t height_, width_;
  std::shared_ptr<LayerNormImpl> norm_;
  std::shared_ptr<LinearImpl> fc1_, fc2_;  // fc1 is null if hk.hidden is 0
};

// Transposed convolution 4 x 4, stride 2, padding 1, without bias: doubles the map.
struct DeconvImpl : Layer {
  DeconvImpl(std::int64_t in, std::int64_t out);
  void init() override;
  at::Tensor forward(const at::Tensor& map_nchw);

  at::Tensor weight;  // [in, out, 4, 4]
};

// Batch statistics while training, the running ones otherwise.
struct BatchNormImpl : WeightedLayer {
  explicit BatchNormImpl(std::int64_t channels);
  void init() override;
  at::Tensor forward(const at::Tensor& map_nchw);

  at::Tensor running_mean, running_var;
};

// H_m (METHOD 7): aggregate(M, F_t), then ViTPose's classic or simple head (METHOD 4.2).
struct HmImpl : Module {
  explicit HmImpl(const ModelConfig& config);

  // Tokens [B, N, D] -> [B, J, heatmap_h, heatmap_w]. `m` is undefined in single-frame mode.
  at::Tensor forward(const at::Tensor& m, const at::Tensor& f_t);

  std::shared_ptr<LinearImpl> agg;  // null: single frame, or hm.aggregate = add
  // deconv_layers.{0, 1, 3, 4} as in ViTPose: deconvolution, norm, (ReLU,) twice; simple: null.
  struct DeconvLayersImpl : Module {
    DeconvLayersImpl(std::int64_t in, std::int64_t channels);
    at::Tensor forward(at::Tensor map_nchw);

    std::array<std::shared_ptr<DeconvImpl>, 2> deconvs;
    std::array<std::shared_ptr<BatchNormImpl>, 2> norms;
  };
  std::shared_ptr<DeconvLayersImpl> deconv_layers;
  std::shared_ptr<ConvImpl> final_layer;  // channels -> J, in float32

 private:
  std::int64_t tokens_h_, tokens_w_;
};

}  // namespace vremd::model
