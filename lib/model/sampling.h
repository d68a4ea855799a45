// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/layers.h"

#include <array>

namespace vremd::model {

// Points of bilinear sampling in maps of tokens (METHOD 6.3): P for each of Q queries and G groups
// of D / G channels.
struct SamplePoints {
  at::Tensor location;  // [B, Q, G, P, 2]: (y, x) in cells, 0 is the centre of the first
  std::int64_t height = 0, width = 0;  // of the map, cells
  bool zeros = false;                  // outside the map: zeros instead of the nearest cell
};

// Positions (y, x) of the cells of a map, [height * width, 2], row-major.
at::Tensor cell_places(std::int64_t height, std::int64_t width, const at::TensorOptions& options);

// The n initial sampling points (y, x) around a query, in cells: the centred grid of step 1 for
// n = k^2, otherwise the n points of the next larger grid nearest to the centre (METHOD 6.3).
std::vector<std::array<double, 2>> sampling_grid(int points);

// The initial points of Deformable-DETR: one direction per group, at distances 1, 2, ... in the
// maximum norm. groups * points entries (y, x), in cells.
std::vector<std::array<double, 2>> directional_points(int groups, int points);

// Initialises an offset layer to constant offsets: weights 0, bias y, x, y, x, ...
void start_at(LinearImpl& offset, const std::vector<std::array<double, 2>>& places);

// tokens [B, N, D] at the points -> [B, G, D / G, Q, P], by LibTorch's sampler.
at::Tensor sample(const at::Tensor& tokens, const SamplePoints& points);

// Two implementations of the same functions. Sampling is linear, so weights of points can become
// weights of cells: matrix products with N columns (fast on the CPU). The other one samples
// (deterministic summation order on the GPU).

// sum_p w_p v(p): v [B, N, D], w [B, Q, G, P] -> [B, Q, D].
at::Tensor weighted_points_by_cells(const at::Tensor& v, const at::Tensor& w,
                                    const SamplePoints& points);
at::Tensor weighted_points_by_samples(const at::Tensor& v, const at::Tensor& w,
                                      const SamplePoints& points);
at::Tensor weighted_points(const at::Tensor& v, const at::Tensor& w, const SamplePoints& points);

// softmax_p(q k(p)^T / sqrt(d)) v(p) -> [B, Q, D], Q = N. A group has several heads, or a head has
// several groups.
struct PointAttentionArgs {
  at::Tensor q, k, v;  // [B, N, D]
  SamplePoints points;
  std::int64_t heads = 0;
};
at::Tensor point_attention_by_cells(const PointAttentionArgs& args);
at::Tensor point_attention_by_samples(const PointAttentionArgs& args);
at::Tensor point_attention_by_kernel(const PointAttentionArgs& args);  // ops; without gradient
at::Tensor point_attention(const PointAttentionArgs& args);

// Output of a layer that samples points.
struct PointOutput {
  at::Tensor value;    // [B, N, D]
  at::Tensor offsets;  // of the points from their reference, (y, x) in cells, [B, Q, G, P, 2]
};

}  // namespace vremd::model
