// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"

#include <ATen/core/Tensor.h>

namespace vremd::train {

// H and its branches of VremdImpl::Output, [B, J, h, w] each (logits for ce).
struct LossMaps {
  at::Tensor h;
  at::Tensor hk, hm;         // used if aux_hk, aux_hm > 0
  at::Tensor keypoint_rows;  // [B, J, N], used if aux_mask > 0
};

// Training loss of METHOD 7: loss(H) + aux_hk loss(H_k) + aux_hm loss(H_m) + aux_mask times the
// cross-entropy of the rows' softmax over the tokens, each the sum of 4 x 4 pixels of the target.
//
// targets [B, J, h, w]: Gaussians of METHOD 1.7. weights [B, J], multiplied by joint_weights: 0 for
// unlabelled joints.
// mse  mean over batch, joints and pixels of (w H - w T)^2, as in DCPose
// ce   cross-entropy of the softmax over the pixels against the target normalised to sum 1,
//      averaged over the weights
// reduction "sum" sums over joints and pixels (mse: eq. 5, mean(...) J h w; ce: over joints); the
// batch is always averaged.
at::Tensor training_loss(const model::ModelConfig::Loss& options, const LossMaps& maps,
                         const at::Tensor& targets, const at::Tensor& weights);

}  // namespace vremd::train
