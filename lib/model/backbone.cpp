// SPDX-License-Identifier: Apache-2.0
#include "model/backbone.h"

#include "model/movenet.h"

namespace vremd::model {
namespace {

constexpr std::int64_t kPatch = 16, kPadding = 2;

// The plain vision transformer of ViTPose (METHOD 4.1, names as 4.3): 16 x 16 patches with
// padding 2, no class token, tokens after the last LayerNorm.
struct VitImpl : BackboneImpl {
  explicit VitImpl(const ModelConfig& config);
  at::Tensor forward_tokens(const at::Tensor& crops_nchw) override;
  int channels() const override { return dim_; }
  void init() override;
  void to_bf16() override;

 private:
  struct PatchEmbedImpl : Module {
    explicit PatchEmbedImpl(std::int64_t dim) {
      const std::initializer_list<std::int64_t> shape{dim, 3, kPatch, kPatch};
      proj = add<WeightedLayer>("proj", shape);
    }
    std::shared_ptr<WeightedLayer> proj;  // [D, 3, 16, 16]
  };

  int dim_;
  // [1, 1 + N, D]; the first entry, formerly the class token's, is added to every token.
  at::Tensor pos_embed_;
  std::shared_ptr<PatchEmbedImpl> patch_embed_;
  std::shared_ptr<BlocksImpl> blocks_;
  std::shared_ptr<LayerNormImpl> last_norm_;
};

VitImpl::VitImpl(const ModelConfig& config) : dim_(vit_shape(config.backbone.size).dim) {
  const VitShape size = vit_shape(config.backbone.size);
  const double ln_eps = config.backbone.ln_eps.value_or(1e-6);
  const std::int64_t positions = config.tokens_h() * config.tokens_w();
  pos_embed_ = add_parameter("pos_embed", {1, 1 + positions, dim_});
  patch_embed_ = add<PatchEmbedImpl>("patch_embed", dim_);
  const BlockOptions options{.dim = dim_, .heads = config.backbone_heads(), .ln_eps = ln_eps};
  blocks_ = add<BlocksImpl>("blocks", size.depth, options);
  last_norm_ = add<LayerNormImpl>("last_norm", dim_, ln_eps);
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
  patch_embed_->proj->to_bf16();
  linears_to_bf16(*this);
}

}  // namespace

std::shared_ptr<BackboneImpl> make_backbone(const ModelConfig& config) {
  if (config.backbone.kind == BackboneKind::kVit) return std::make_shared<VitImpl>(config);
  return std::make_shared<MovenetImpl>();
}

}  // namespace vremd::model
