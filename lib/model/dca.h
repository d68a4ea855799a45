// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/sampling.h"

namespace vremd::model {

// Deformable cross attention (eq. 3, 4; METHOD 6.3): F, the constraint, chooses where the motion
// is looked at. per_query: each token has points of its own. shared_grid: as DAT, a coarser grid
// of points, each moved, that all tokens attend to.
struct DcaImpl : Layer {
  explicit DcaImpl(const ModelConfig& config);

  // x, f [B, N, D]. Offsets [B, Q, G, n_p, 2]: Q = N, or the points of the grid with n_p = 1.
  PointOutput forward(const at::Tensor& x, const at::Tensor& f);
  void init() override;

 private:
  std::int64_t height_, width_, heads_, groups_, points_, stride_;  // stride 0: per query
  double range_;
  bool zeros_;
  DcaInit init_;
  std::shared_ptr<LinearImpl> q_, z_, k_, v_, proj_, offset_;
  std::shared_ptr<ConvImpl> dw_;
  std::shared_ptr<LayerNormImpl> norm_;

  at::Tensor reference(const at::TensorOptions& options) const;  // p_z [Q, 2]
  at::Tensor attend_grid(const PointAttentionArgs& args) const;
};

}  // namespace vremd::model
