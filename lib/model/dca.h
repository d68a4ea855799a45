// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/layers.h"

namespace vremd {

// The n points (y, x) around a query where sampling starts, cells: the centred grid of step 1 for
// n = k^2, else the n points of the next larger grid nearest to the centre (METHOD 6.3.3).
std::vector<std::array<double, 2>> sampling_grid(int points);

// What attention at sampled points needs. Each query has its own points in each of G groups; the
// heads of a group share them, or the channels of a head fall into several groups.
struct PointAttentionArgs {
  at::Tensor q, k, v;   // [B, N, D]; k and v are maps of height x width cells
  at::Tensor location;  // [B, N, G, n_p, 2]: (y, x) in cells, 0 is the centre of the first
  std::int64_t height = 0, width = 0, heads = 0;
  bool zeros = false;  // outside the map: zeros instead of the nearest cell
};

// softmax_n(q k(p_n)^T / sqrt(d)) v(p_n) -> [B, N, D], k and v sampled bilinearly.
//
// Two forms of one function. Sampling is linear, so it can follow the products: in the first,
// logits are sampled from q K^T and the weights of the points become weights of cells, all in
// N x N matrices (fast on the CPU). The second samples K and V (no sums in changing order on the
// GPU).
at::Tensor point_attention_by_cells(const PointAttentionArgs& args);
at::Tensor point_attention_by_samples(const PointAttentionArgs& args);

// Deformable cross attention (eq. 3, 4; METHOD 6.3): F, the constraint, chooses where the motion
// is looked at.
struct DcaImpl : Layer {
  explicit DcaImpl(const ModelConfig& config);

  struct Output {
    at::Tensor value;    // [B, N, D]
    at::Tensor offsets;  // delta p [B, N, G, n_p, 2]: (y, x) in cells
  };
  Output forward(const at::Tensor& x, const at::Tensor& f);  // [B, N, D] each
  void init() override;

 private:
  std::int64_t height_, width_, heads_, groups_, points_;
  double range_;
  bool zeros_;
  std::shared_ptr<LinearImpl> q_, z_, k_, v_, proj_, offset_;
  std::shared_ptr<ConvImpl> dw_;
  std::shared_ptr<LayerNormImpl> norm_;
};

}  // namespace vremd
