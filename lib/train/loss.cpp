// SPDX-License-Identifier: Apache-2.0
#include "train/loss.h"

#include "core/error.h"
#include "model/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

namespace vremd::train {
namespace {

constexpr int kPixelsOfToken = 4;  // a token is 16 input pixels wide, a heatmap pixel 4

at::Tensor loss_of(model::LossKind kind, bool sum, const at::Tensor& heatmaps,
                   const at::Tensor& targets, const at::Tensor& weights) {
  if (heatmaps.sizes() != targets.sizes() || weights.dim() != 2 ||
      weights.size(0) != heatmaps.size(0) || weights.size(1) != heatmaps.size(1)) {
    fail("loss: heatmaps, targets and weights do not fit each other");
  }
  const at::Tensor h = model::widened(heatmaps).flatten(2), t = targets.flatten(2);
  const auto batch = static_cast<double>(h.size(0));
  if (kind == model::LossKind::kMse) {
    const at::Tensor squares = ((h - t) * weights.unsqueeze(2)).square();
    return sum ? squares.sum() / batch : squares.mean();
  }
  const at::Tensor mass = t.sum(2, /*keepdim=*/true).clamp_min(1e-6);
  const at::Tensor per_joint = -(t / mass * at::log_softmax(h, 2)).sum(2);  // [B, J]
  const at::Tensor weighted = (per_joint * weights).sum();
  return sum ? weighted / batch : weighted / weights.sum().clamp_min(1);
}

}  // namespace

at::Tensor training_loss(const model::ModelConfig::Loss& options, const LossMaps& maps,
                         const at::Tensor& targets, const at::Tensor& weights) {
  at::Tensor w = weights;
  if (options.joint_weights) w = w * at::tensor(*options.joint_weights, weights.options());
  const bool sum = options.reduction == model::LossReduction::kSum;
  const auto of = [&](const at::Tensor& heatmaps) {
    return loss_of(options.kind, sum, heatmaps, targets, w);
  };
  at::Tensor loss = of(maps.h);
  if (options.aux_hk > 0) loss = loss + of(maps.hk) * options.aux_hk;
  if (options.aux_hm > 0) loss = loss + of(maps.hm) * options.aux_hm;
  if (options.aux_mask > 0) {
    const at::Tensor cells =
        at::avg_pool2d(targets, kPixelsOfToken) * kPixelsOfToken * kPixelsOfToken;
    const at::Tensor rows = maps.keypoint_rows.view(cells.sizes());
    loss = loss + loss_of(model::LossKind::kCe, sum, rows, cells, w) * options.aux_mask;
  }
  return loss;
}

}  // namespace vremd::train
