// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/layers.h"

#include <array>

namespace vremd::model {

// Where maps of tokens are sampled bilinearly (METHOD 6.3). Each of Q queries has P points of its
// own in each of G groups; a group is D / G channels.
struct SamplePoints {
  at::Tensor location;  // [B, Q, G, P, 2]: (y, x) in cells, 0 is the centre of the first
  std::int64_t height = 0, width = 0;  // of the map, cells
  bool zeros = false;                  // outside the map: zeros instead of the nearest cell
};

// Places (y, x) of the cells of a map, [height * width, 2], row-major.
at::Tensor cell_places(std::int64_t height, std::int64_t width, const at::TensorOptions& options);

// The n points (y, x) around a query where sampling starts, cells: the centred grid of step 1 for
// n = k^2, else the n points of the next larger grid nearest to the centre (METHOD 6.3.3).
std::vector<std::array<double, 2>> sampling_grid(int points);

// The start of Deformable-DETR: each group looks in a direction of its own, its points lie at
// distances 1, 2, ... in the maximum norm. groups * points entries (y, x), cells.
std::vector<std::array<double, 2>> directional_points(int groups, int points);

// Lets a layer of offsets start with these, whatever its input: weights 0, bias y, x, y, x, ...
void start_at(LinearImpl& offset, const std::vector<std::array<double, 2>>& places);

// tokens [B, N, D] at the points -> [B, G, D / G, Q, P], by LibTorch's sampler.
at::Tensor sample(const at::Tensor& tokens, const SamplePoints& points);

// What follows has two forms of one function. Sampling is linear, so the weights of points can
// become weights of cells: products of matrices with N columns (fast on the CPU). The second form
// samples (no sums in changing order on the GPU).

// sum_p w_p v(p): v [B, N, D], w [B, Q, G, P] -> [B, Q, D].
at::Tensor weighted_points_by_cells(const at::Tensor& v, const at::Tensor& w,
                                    const SamplePoints& points);
at::Tensor weighted_points_by_samples(const at::Tensor& v, const at::Tensor& w,
                                      const SamplePoints& points);
at::Tensor weighted_points(const at::Tensor& v, const at::Tensor& w, const SamplePoints& points);

// softmax_p(q k(p)^T / sqrt(d)) v(p) -> [B, Q, D], where Q = N. The heads of a group share its
// points, or the channels of a head fall into several groups.
struct PointAttentionArgs {
  at::Tensor q, k, v;  // [B, N, D]
  SamplePoints points;
  std::int64_t heads = 0;
};
at::Tensor point_attention_by_cells(const PointAttentionArgs& args);
at::Tensor point_attention_by_samples(const PointAttentionArgs& args);
at::Tensor point_attention_by_kernel(const PointAttentionArgs& args);  // ops; without gradient
at::Tensor point_attention(const PointAttentionArgs& args);

// What a layer with sampled points gives.
struct PointOutput {
  at::Tensor value;    // [B, N, D]
  at::Tensor offsets;  // of the points from their reference, (y, x) in cells, [B, Q, G, P, 2]
};

}  // namespace vremd::model
