// SPDX-License-Identifier: Apache-2.0
#include "train/loss.h"

#include "core/error.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>

namespace vremd {

at::Tensor heatmap_loss(const std::string& kind, const at::Tensor& heatmaps,
                        const at::Tensor& targets, const at::Tensor& weights) {
  if (heatmaps.sizes() != targets.sizes() || weights.dim() != 2 ||
      weights.size(0) != heatmaps.size(0) || weights.size(1) != heatmaps.size(1)) {
    fail("loss: heatmaps, targets and weights do not fit each other");
  }
  const at::Tensor h = heatmaps.to(at::kFloat).flatten(2), t = targets.flatten(2);
  if (kind == "mse") return ((h - t) * weights.unsqueeze(2)).square().mean();
  if (kind != "ce") fail("loss: no kind '{}'", kind);
  const at::Tensor mass = t.sum(2, /*keepdim=*/true).clamp_min(1e-6);
  const at::Tensor per_joint = -(t / mass * at::log_softmax(h, 2)).sum(2);  // [B, J]
  return (per_joint * weights).sum() / weights.sum().clamp_min(1);
}

}  // namespace vremd
