// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/sampling.h"

namespace vremd::model {

// Deformable cross attention (eq. 3, 4; METHOD 6.3): F, the constraint, determines where the motion
// is sampled. per_query: each token has its own points. shared_grid: as in DAT, all tokens attend
// to a coarser grid of shifted points.
struct DcaImpl : Layer {
  explicit DcaImpl(const ModelConfig& config);

  // x, f [B, N, D]. Offsets [B, Q, G, n_p, 2]: Q = N, or the grid points with n_p = 1.
  // `fixed_points`: the offsets are those of the initialisation (METHOD 9.1).
  PointOutput forward(const at::Tensor& x, const at::Tensor& f, bool fixed_points = false);
  void init() override;

 private:
  std::int64_t height_, width_, heads_, groups_, points_, stride_;  // stride 0: per query
  double range_;
  bool zeros_;
  DcaInit init_;
  std::shared_ptr<LinearImpl> q_, z_, k_, v_, proj_, offset_;
  std::shared_ptr<ConvImpl> dw_;
  std::shared_ptr<LayerNormImpl> norm_;

  std::vector<std::array<double, 2>> start() const;              // initial offsets, [G n_p]
  at::Tensor reference(const at::TensorOptions& options) const;  // p_z [Q, 2]
  at::Tensor attend_grid(const PointAttentionArgs& args) const;
};

// Single-level attention of Deformable-DETR (Zhu 2020) instead of DCA (METHOD 9): the motion alone
// determines the points and, without a product of q and k, their weights. Zeros outside the map, as
// in its source. F is unused.
struct DaImpl : Layer {
  explicit DaImpl(const ModelConfig& config);
  // x [B, N, D]; offsets [B, N, heads, points, 2].
  PointOutput forward(const at::Tensor& x, const at::Tensor& f = {}, bool fixed_points = false);
  void init() override;

 private:
  std::int64_t height_, width_, heads_, points_;
  std::shared_ptr<LinearImpl> offset_, weight_, v_, proj_;
};

}  // namespace vremd::model
