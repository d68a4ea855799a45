// SPDX-License-Identifier: Apache-2.0
#include "model/heads.h"

namespace vremd::model {
namespace {

constexpr double kHeadSigma = 0.001;  // of the heads' last and transposed convolutions

}  // namespace

HkImpl::HkImpl(const ModelConfig& config)
    : height_(config.heatmap_height()), width_(config.heatmap_width()) {
  const std::int64_t dim = config.dim(), hidden = config.hk.hidden.value_or(config.dim());
  norm_ = add<LayerNormImpl>("norm", dim, config.modules.ln_eps);
  if (hidden > 0) fc1_ = add<LinearImpl>("fc1", dim, hidden);
  fc2_ = add<LinearImpl>("fc2", hidden > 0 ? hidden : dim, height_ * width_);
}

at::Tensor HkImpl::forward(const at::Tensor& tokens_bjd) {
  at::Tensor x = norm_->forward(tokens_bjd);
  if (fc1_) x = at::gelu(fc1_->forward(x));
  return fc2_->forward(x).view({x.size(0), x.size(1), height_, width_});
}

void HkImpl::init() { fc2_->weight.normal_(0, kHeadSigma); }  // H_k starts near zero

DeconvImpl::DeconvImpl(std::int64_t in, std::int64_t out) {
  weight = add_parameter("weight", {in, out, 4, 4});
}

void DeconvImpl::init() { weight.normal_(0, kHeadSigma); }

at::Tensor DeconvImpl::forward(const at::Tensor& map_nchw) {
  return at::conv_transpose2d(map_nchw, weight, {}, 2, 1);
}

BatchNormImpl::BatchNormImpl(std::int64_t channels) : WeightedLayer({channels}) {
  running_mean = register_buffer("running_mean", empty_parameter({channels}));
  running_var = register_buffer("running_var", empty_parameter({channels}));
}

void BatchNormImpl::init() {
  weight.fill_(1);
  bias.zero_();
  running_mean.zero_();
  running_var.fill_(1);
}

at::Tensor BatchNormImpl::forward(const at::Tensor& map_nchw) {
  return at::batch_norm(map_nchw, weight, bias, running_mean, running_var, is_training(), 0.1, 1e-5,
                        true);
}

HmImpl::DeconvLayersImpl::DeconvLayersImpl(std::int64_t in, std::int64_t channels) {
  for (int i = 0; i < 2; ++i) {
    deconvs[i] = add<DeconvImpl>(std::to_string(3 * i), i == 0 ? in : channels, channels);
    norms[i] = add<BatchNormImpl>(std::to_string(3 * i + 1), channels);
  }
}

at::Tensor HmImpl::DeconvLayersImpl::forward(at::Tensor map_nchw) {
  for (int i = 0; i < 2; ++i) {
    map_nchw = at::relu(norms[i]->forward(deconvs[i]->forward(map_nchw)));
  }
  return map_nchw;
}

HmImpl::HmImpl(const ModelConfig& config)
    : tokens_h_(config.tokens_h()), tokens_w_(config.tokens_w()) {
  const std::int64_t dim = config.dim(), joints = config.joints().size();
  if (!config.single_frame() && config.hm.aggregate == HmAggregate::kConcat) {
    agg = add<LinearImpl>("agg", 2 * dim, dim);
  }
  if (config.model.head == HeadKind::kClassic) {
    deconv_layers = add<DeconvLayersImpl>("deconv_layers", dim, config.hm.channels);
  }
  final_layer = deconv_layers
                    ? add<ConvImpl>("final_layer", config.hm.channels, joints, 1, 1, kHeadSigma)
                    : add<ConvImpl>("final_layer", dim, joints, 3, 1, kHeadSigma);
}

at::Tensor HmImpl::forward(const at::Tensor& m, const at::Tensor& f_t) {
  at::Tensor tokens = f_t;
  if (m.defined()) tokens = agg ? agg->forward(at::cat({m, f_t}, -1)) : m + f_t;
  const at::Tensor map = tokens_to_map(tokens, tokens_h_, tokens_w_);
  if (deconv_layers) return final_layer->forward(deconv_layers->forward(map)).contiguous();
  const at::Tensor large =
      at::upsample_bilinear2d(at::relu(map), {4 * tokens_h_, 4 * tokens_w_}, false);
  return final_layer->forward(large).contiguous();
}

}  // namespace vremd::model
