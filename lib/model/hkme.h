// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/layers.h"

namespace vremd::model {

// hkme.pos_embed: the sinusoids of DETR, half of the channels for y, half for x, that TokenPose
// adds to the tokens of the image: before the first block of a stack (sine), or of each block
// (sine-full). Tokens of keypoints and humans have no place: zeros.
class Position {
 public:
  explicit Position(const ModelConfig& config);
  // Runs `blocks` on `frames` times (`extra` tokens, then N of the image), x [B, L, D].
  at::Tensor run(BlocksImpl& blocks, const at::Tensor& x, const at::Tensor& key_bias,
                 std::int64_t frames, std::int64_t extra) const;

 private:
  bool again_ = false;
  at::Tensor table_;  // [N, D]; undefined for none
};

// [height * width, dim], row-major; dim a multiple of 4.
at::Tensor sine_position(std::int64_t height, std::int64_t width, std::int64_t dim);

// Eq. 1: T_h joins the tokens of each frame; what the blocks make of it weighs that frame.
struct HumanMaskImpl : Layer {
  explicit HumanMaskImpl(const ModelConfig& config);

  struct Output {
    at::Tensor f_c;   // [B, 3, N, D], weighted
    at::Tensor mask;  // Mask_h [B, 3, N]
  };
  Output forward(const at::Tensor& fm_btnd);
  void init() override;

 private:
  HumanActivation activation_;
  Position position_;
  at::Tensor token_;  // T_h [3 (shared: 1), 1, D]
  std::shared_ptr<BlocksImpl> blocks_;
  std::shared_ptr<LayerNormImpl> norm_;
};

// Eq. 2: T_k and the tokens of all frames attend to each other; each keypoint spreads its weight
// over all tokens.
struct KeypointMaskImpl : Layer {
  explicit KeypointMaskImpl(const ModelConfig& config);

  struct Output {
    at::Tensor f_f;     // [B, 3, N, D], weighted where hkme.keypoint.mask
    at::Tensor mask;    // Mask_k [B, 3, N]; undefined without the mask
    at::Tensor tokens;  // T_t [B, J, D]: the key frame's
  };
  // token_bias (may be undefined) [B, 3, N] is added to the first block's attention logits.
  Output forward(const at::Tensor& f_c, const at::Tensor& token_bias,
                 const at::Tensor& annotated = {});
  void init() override;

  // Mask_k of all keypoint tokens [B, 3, J, D] over all tokens [B, 3, N, D]. `annotated` [B, J], 1
  // or 0: joints that a sample's data set never annotates are left out (METHOD 1.6); undefined: of
  // the trained ones none.
  at::Tensor mask_of(const at::Tensor& keypoints, const at::Tensor& tokens,
                     const at::Tensor& annotated = {}) const;

 private:
  const ModelConfig::Hkme::Keypoint options_;
  std::vector<std::int64_t> trained_;  // joints whose rows are summed
  std::int64_t joints_;
  Position position_;
  at::Tensor token_;           // T_k [3 (shared: 1), J, D]
  at::Tensor temporal_embed_;  // [3, 1, D], optional
  std::shared_ptr<BlocksImpl> blocks_;
  std::shared_ptr<LayerNormImpl> norm_;
};

// How few tokens hold Mask_k, averaged over the batch (METHOD 5.2: to be watched in training).
struct MaskConcentration {
  double largest = 0;    // weight, in units of the mean weight
  double effective = 0;  // tokens: exp of the entropy, 1 to 3 N
};
MaskConcentration concentration_of(const at::Tensor& keypoint_mask);  // [B, 3, N]

// The reduction of 3 N tokens to N (METHOD 5.4).
struct ReduceImpl : torch::nn::Module {
  explicit ReduceImpl(const ModelConfig& config);
  at::Tensor forward(const at::Tensor& f_btnd);  // [B, N, D]

 private:
  TokenReduction kind_;
  std::shared_ptr<LayerNormImpl> norm_;
  std::shared_ptr<LinearImpl> fc1_, fc2_;  // temporal: fc1 alone
};

// Human-Keypoint Mask Enhanced module (METHOD 5): the features of three frames -> F, what the key
// frame's person looks like.
struct HkmeImpl : Layer {
  explicit HkmeImpl(const ModelConfig& config);

  struct Output {
    at::Tensor f;                          // F [B, N, D]
    at::Tensor tokens;                     // T_t [B, J, D]; undefined without keypoint tokens
    at::Tensor human_mask, keypoint_mask;  // [B, 3, N]; undefined where switched off
    at::Tensor f_human, f_joint;           // F_c, F_f [B, 3, N, D]; likewise
  };
  Output forward(const at::Tensor& fm_btnd, const at::Tensor& annotated = {});
  void init() override;

 private:
  const ModelConfig::Hkme options_;
  Position position_;
  std::shared_ptr<HumanMaskImpl> human_;
  std::shared_ptr<KeypointMaskImpl> keypoint_;
  std::shared_ptr<BlocksImpl> spatial_, temporal_;
  at::Tensor temporal_embed_;  // [1, 3, D], optional
  std::shared_ptr<ReduceImpl> reduce_;
};

}  // namespace vremd::model
