// SPDX-License-Identifier: Apache-2.0
#include "model/vremd.h"

#include "core/error.h"

#include <ATen/ops/softmax.h>

#include <numbers>

namespace vremd {

VremdImpl::ProjImpl::ProjImpl(std::int64_t in, std::int64_t out, double ln_eps) {
  norm = register_module("norm", std::make_shared<LayerNormImpl>(in, ln_eps));
  fc = register_module("fc", std::make_shared<LinearImpl>(in, out));
}

VremdImpl::VremdImpl(ModelConfig config_in) : config(std::move(config_in)) {
  config.validate();
  if (!config.single_frame()) fail("hkme.enabled: not in this version");
  backbone_ = register_module("backbone", make_backbone(config));
  if (backbone_->channels() != config.dim()) {
    proj_ = register_module("proj", std::make_shared<ProjImpl>(backbone_->channels(), config.dim(),
                                                               config.modules.ln_eps));
  }
  hm_ = register_module("hm", std::make_shared<HmImpl>(config));
}

at::Tensor VremdImpl::features(const at::Tensor& crops_nchw) {
  at::AutoGradMode with_gradient(at::GradMode::is_enabled() && !config.backbone.freeze);
  return backbone_->forward_tokens(crops_nchw);
}

VremdImpl::Output VremdImpl::forward(const at::Tensor& features_btnc, bool) {
  at::Tensor features = features_btnc;
  if (proj_) features = proj_->fc->forward(proj_->norm->forward(features));
  const at::Tensor f_t = features.select(1, config.frames() / 2);
  Output output;
  output.hm = hm_->forward({}, f_t);
  output.heatmaps_bkhw = output.hm;
  return output;
}

at::Tensor VremdImpl::probabilities(const at::Tensor& heatmaps_bkhw) const {
  if (config.loss.kind != "ce") return heatmaps_bkhw;
  const double area = 2 * std::numbers::pi * config.heatmap.sigma * config.heatmap.sigma;
  return at::softmax(heatmaps_bkhw.flatten(2), -1).mul(area).clamp_max(1).view_as(heatmaps_bkhw);
}

void VremdImpl::init() {
  backbone_->init();
  if (proj_) init_layers(*proj_);
  hm_->init();
}

void VremdImpl::init_from_single_frame(const VremdImpl&) { fail("init: not in this version"); }

void VremdImpl::to_bf16() {
  backbone_->to_bf16();
  if (proj_) linears_to_bf16(*proj_);
}

void VremdImpl::train(bool on) {
  torch::nn::Module::train(on);
  if (config.backbone.freeze) backbone_->train(false);
}

}  // namespace vremd
