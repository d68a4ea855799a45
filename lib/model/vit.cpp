// SPDX-License-Identifier: Apache-2.0
#include "model/vit.h"

namespace vremd::model {
namespace {

constexpr std::int64_t kPatch = 16, kPadding = 2;

}  // namespace

VitImpl::PatchEmbedImpl::PatchEmbedImpl(std::int64_t dim) {
  const std::initializer_list<std::int64_t> shape{dim, 3, kPatch, kPatch};
  proj = register_module("proj", std::make_shared<WeightedLayer>(shape));
}

VitImpl::VitImpl(const ModelConfig& config) : dim_(vit_shape(config.backbone.size).dim) {
  const VitShape size = vit_shape(config.backbone.size);
  const double ln_eps = config.backbone.ln_eps.value_or(1e-6);
  const std::int64_t positions = config.tokens_h() * config.tokens_w();
  pos_embed_ = register_parameter("pos_embed", empty_parameter({1, 1 + positions, dim_}));
  patch_embed_ = register_module("patch_embed", std::make_shared<PatchEmbedImpl>(dim_));
  const BlockOptions options{.dim = dim_, .heads = config.backbone_heads(), .ln_eps = ln_eps};
  blocks_ = register_module("blocks", std::make_shared<BlocksImpl>(size.depth, options));
  last_norm_ = register_module("last_norm", std::make_shared<LayerNormImpl>(dim_, ln_eps));
}

at::Tensor VitImpl::forward_tokens(const at::Tensor& crops_nchw) {
  const auto& proj = *patch_embed_->proj;
  const at::Tensor patches = at::conv2d(crops_nchw.to(proj.weight.scalar_type()), proj.weight,
                                        proj.bias, kPatch, kPadding);
  const at::Tensor position = pos_embed_.slice(1, 1) + pos_embed_.slice(1, 0, 1);
  const at::Tensor tokens = map_to_tokens(patches).to(at::kFloat) + position;
  return last_norm_->forward(blocks_->forward(tokens));
}

void VitImpl::init() {
  at::NoGradGuard no_grad;
  pos_embed_.normal_(0, kInitSigma);
  patch_embed_->proj->init();
  init_layers(*blocks_);
  init_layers(*last_norm_);
}

void VitImpl::to_bf16() {
  at::NoGradGuard no_grad;
  auto& proj = *patch_embed_->proj;
  proj.weight.set_data(proj.weight.to(at::kBFloat16));
  proj.bias.set_data(proj.bias.to(at::kBFloat16));
  linears_to_bf16(*this);
}

}  // namespace vremd::model
