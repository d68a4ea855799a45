// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/backbone.h"
#include "model/layers.h"

namespace vremd::model {

// The plain vision transformer of ViTPose (METHOD 4.1, names as 4.3): 16 x 16 patches with
// padding 2, no class token, tokens after the last LayerNorm.
struct VitImpl : BackboneImpl {
  explicit VitImpl(const ModelConfig& config);
  at::Tensor forward_tokens(const at::Tensor& crops_nchw) override;
  int channels() const override { return dim_; }
  void init() override;
  void to_bf16() override;

 private:
  struct PatchEmbedImpl : torch::nn::Module {
    explicit PatchEmbedImpl(std::int64_t dim);
    std::shared_ptr<WeightedLayer> proj;  // [D, 3, 16, 16]
  };

  int dim_;
  // [1, 1 + N, D]; the first entry, formerly the class token's, is added to every token.
  at::Tensor pos_embed_;
  std::shared_ptr<PatchEmbedImpl> patch_embed_;
  std::shared_ptr<BlocksImpl> blocks_;
  std::shared_ptr<LayerNormImpl> last_norm_;
};

}  // namespace vremd::model
