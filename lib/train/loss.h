// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace vremd {

// The loss of METHOD 7 on H [B, J, h, w] (logits for "ce"): a scalar.
//
// targets [B, J, h, w]: Gaussians of METHOD 1.7. weights [B, J]: 0 for joints without a label.
// mse  mean over batch, joints and pixels of (w H - w T)^2, as DCPose
// ce   cross-entropy of the softmax over the pixels against the target normalised to sum 1,
//      averaged over the weights
at::Tensor heatmap_loss(const std::string& kind, const at::Tensor& heatmaps,
                        const at::Tensor& targets, const at::Tensor& weights);

}  // namespace vremd
