// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/layers.h"

namespace vremd::model {

// hkme.pos_embed: sinusoids of DETR, half of the channels for y, half for x, added to the image
// tokens as in TokenPose: before the first block (sine) or before every block (sine-full). Keypoint
// and human tokens have no position: zeros.
class Position {
 public:
  explicit Position(const ModelConfig& config);
  // Runs `blocks` on x [B, L, D], `frames` times (`extra` tokens, then N image tokens).
  at::Tensor run(BlocksImpl& blocks, const at::Tensor& x, const at::Tensor& key_bias,
                 std::int64_t frames, std::int64_t extra) const;

 private:
  bool again_ = false;
  at::Tensor table_;  // [N, D]; undefined if disabled
};

// [height * width, dim], row-major; dim a multiple of 4.
at::Tensor sine_position(std::int64_t height, std::int64_t width, std::int64_t dim);

// Eq. 1: T_h is processed with the tokens of each frame, then weights them.
struct HumanMaskImpl : Layer {
  explicit HumanMaskImpl(const ModelConfig& config);

  struct Output {
    at::Tensor f_c;   // [B, 3, N, D], weighted
    at::Tensor mask;  // Mask_h [B, 3, N]
  };
  // `unmasked`: Mask_h = 1 (METHOD 9.1).
  Output forward(const at::Tensor& fm_btnd, bool unmasked = false);
  void init() override;

 private:
  HumanActivation activation_;
  Position position_;
  at::Tensor token_;  // T_h [3 (shared: 1), 1, D]
  std::shared_ptr<BlocksImpl> blocks_;
  std::shared_ptr<LayerNormImpl> norm_;
};

// Eq. 2: T_k and the tokens of all frames attend to each other; each keypoint distributes a unit of
// weight over all tokens.
struct KeypointMaskImpl : Layer {
  explicit KeypointMaskImpl(const ModelConfig& config);

  struct Output {
    at::Tensor f_f;     // [B, 3, N, D], weighted if hkme.keypoint.mask
    at::Tensor mask;    // Mask_k [B, 3, N]; undefined without the mask
    at::Tensor tokens;  // T_t [B, J, D]: the key frame's
    // Rows of the map before the softmax: the key frame's keypoints over its own tokens [B, J, N].
    // In training only, and undefined without the mask.
    at::Tensor rows;
  };
  // token_bias [B, 3, N], optional, is added to the first block's attention logits.
  Output forward(const at::Tensor& f_c, const at::Tensor& token_bias,
                 const at::Tensor& annotated = {}, const Parts& without = {});
  void init() override;

  // Mask_k of all keypoint tokens [B, 3, J, D] over all tokens [B, 3, N, D]. `annotated` [B, J]: 0
  // for joints that the sample's data set never annotates, which are skipped, otherwise 1 (METHOD
  // 1.6); if undefined, all trained joints count.
  // `even`: each keypoint weighs all tokens alike.
  at::Tensor mask_of(const at::Tensor& keypoints, const at::Tensor& tokens,
                     const at::Tensor& annotated = {}, bool even = false) const;

 private:
  // Before the softmax: [B, rows, D], [B, columns, D] -> [B, rows, columns].
  at::Tensor rows_of(const at::Tensor& keypoints, const at::Tensor& tokens) const;

  const ModelConfig::Hkme::Keypoint options_;
  std::vector<std::int64_t> trained_;  // joints in the sum
  std::int64_t joints_;
  Position position_;
  at::Tensor token_;           // T_k [3 (shared: 1), J, D]
  at::Tensor temporal_embed_;  // [3, 1, D], optional
  std::shared_ptr<BlocksImpl> blocks_;
  std::shared_ptr<LayerNormImpl> norm_;
};

// How concentrated Mask_k is, averaged over the batch; a training metric (METHOD 5.2).
struct MaskConcentration {
  double largest = 0;    // weight, in units of the mean weight
  double effective = 0;  // tokens: exp of the entropy, 1 to 3 N
};
MaskConcentration concentration_of(const at::Tensor& keypoint_mask);  // [B, 3, N]

// The reduction of 3 N tokens to N (METHOD 5.4).
struct ReduceImpl : Module {
  explicit ReduceImpl(const ModelConfig& config);
  at::Tensor forward(const at::Tensor& f_btnd);  // [B, N, D]

 private:
  TokenReduction kind_;
  std::shared_ptr<LayerNormImpl> norm_;
  std::shared_ptr<LinearImpl> fc1_, fc2_;  // temporal: fc1 only
};

// Human-Keypoint Mask Enhanced module (METHOD 5): features of three frames -> F, the appearance of
// the person in the key frame.
struct HkmeImpl : Layer {
  explicit HkmeImpl(const ModelConfig& config);

  struct Output {
    at::Tensor f;                          // F [B, N, D]
    at::Tensor tokens;                     // T_t [B, J, D]; undefined without keypoint tokens
    at::Tensor human_mask, keypoint_mask;  // [B, 3, N]; undefined if disabled
    at::Tensor f_human, f_joint;           // F_c, F_f [B, 3, N, D]; likewise
    at::Tensor rows;                       // KeypointMaskImpl::Output::rows
  };
  Output forward(const at::Tensor& fm_btnd, const at::Tensor& annotated = {},
                 const Parts& without = {});
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
