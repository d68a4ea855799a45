// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"

#include <ATen/core/Tensor.h>

namespace vremd::train {

// The loss of METHOD 7 on H [B, J, h, w] (logits for ce): a scalar.
//
// targets [B, J, h, w]: Gaussians of METHOD 1.7. weights [B, J]: 0 for joints without a label.
// mse  mean over batch, joints and pixels of (w H - w T)^2, as DCPose
// ce   cross-entropy of the softmax over the pixels against the target normalised to sum 1,
//      averaged over the weights
at::Tensor heatmap_loss(model::LossKind kind, const at::Tensor& heatmaps, const at::Tensor& targets,
                        const at::Tensor& weights);

// What heatmap_loss is taken of: VremdImpl::Output's H and its branches, [B, J, h, w] each.
struct LossMaps {
  at::Tensor h;
  at::Tensor hk, hm;  // looked at where aux_hk, aux_hm are above 0
};

// The loss that is trained: loss(H) + aux_hk loss(H_k) + aux_hm loss(H_m), with the labels'
// weights times joint_weights. reduction "sum" adds up joints and pixels instead of averaging them
// (mse: eq. 5, mean(...) J h w; ce: over the joints); the batch is averaged all the same.
at::Tensor training_loss(const model::ModelConfig::Loss& options, const LossMaps& maps,
                         const at::Tensor& targets, const at::Tensor& weights);

}  // namespace vremd::train
