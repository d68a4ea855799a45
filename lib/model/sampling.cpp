// SPDX-License-Identifier: Apache-2.0
#include "model/sampling.h"

#include "ops/dca_attention.h"
#include "ops/tensor_ops.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace vremd::model {
namespace {

// Cell indices and weights of bilinear sampling, [B, G, Q, P * 4].
struct Corners {
  at::Tensor index, weight;
};

Corners corners_of(const SamplePoints& points) {
  const auto limit_y = points.height - 1, limit_x = points.width - 1;
  at::Tensor y = points.location.select(-1, 0), x = points.location.select(-1, 1);
  if (!points.zeros) {
    y = y.clamp(0, limit_y);
    x = x.clamp(0, limit_x);
  }
  const at::Tensor y0 = y.detach().floor(), x0 = x.detach().floor();
  const at::Tensor fy = y - y0, fx = x - x0;
  std::vector<at::Tensor> index, weight;
  for (const int dy : {0, 1}) {
    for (const int dx : {0, 1}) {
      const at::Tensor yi = y0 + dy, xi = x0 + dx;
      at::Tensor w = (dy ? fy : 1 - fy) * (dx ? fx : 1 - fx);
      if (points.zeros) {
        w = w * (yi.ge(0) & yi.le(limit_y) & xi.ge(0) & xi.le(limit_x)).to(w.scalar_type());
      }
      // Clamped as integers, so that NaN gives a valid index.
      index.push_back(yi.to(at::kLong).clamp(0, limit_y) * points.width +
                      xi.to(at::kLong).clamp(0, limit_x));
      weight.push_back(w);
    }
  }
  const auto arrange = [](const std::vector<at::Tensor>& corners) {
    return at::stack(corners, -1).flatten(3).transpose(1, 2).contiguous();
  };
  return {arrange(index), arrange(weight)};
}

// [B, N, D] -> [B, parts, N, D / parts]
at::Tensor split_channels(const at::Tensor& x, std::int64_t parts) {
  return x.view({x.size(0), x.size(1), parts, x.size(2) / parts}).transpose(1, 2);
}

// [B, parts, ...] -> [B, parts * times, ...], interleaved
at::Tensor repeat_parts(const at::Tensor& x, std::int64_t times) {
  return times == 1 ? x : x.repeat_interleave(times, 1);
}

double scale_of(const PointAttentionArgs& args) {
  return 1 / std::sqrt(static_cast<double>(args.q.size(2) / args.heads));
}

// Weights of points, w [B, parts, Q, P] -> weighted sums of the adjacent cells, [B, Q, D]
at::Tensor mix_cells(const at::Tensor& v, const at::Tensor& w, const Corners& corners) {
  const at::Tensor spread = (w.unsqueeze(-1) * corners.weight.unflatten(3, {-1, 4})).flatten(3);
  const at::Tensor cells = at::zeros({w.size(0), w.size(1), w.size(2), v.size(1)}, spread.options())
                               .scatter_add(3, corners.index, spread);
  return at::matmul(cells, split_channels(v, w.size(1))).transpose(1, 2).flatten(2);
}

}  // namespace

at::Tensor cell_places(std::int64_t height, std::int64_t width, const at::TensorOptions& options) {
  const at::Tensor y = at::arange(height, options).view({height, 1}).expand({height, width}),
                   x = at::arange(width, options).expand({height, width});
  return at::stack({y, x}, -1).flatten(0, 1);
}

std::vector<std::array<double, 2>> sampling_grid(int points) {
  int side = 1;
  while (side * side < points) ++side;
  std::vector<std::array<double, 2>> grid;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) grid.push_back({y - (side - 1) / 2.0, x - (side - 1) / 2.0});
  }
  if (side * side == points) return grid;
  std::stable_sort(grid.begin(), grid.end(), [](const auto& a, const auto& b) {
    return a[0] * a[0] + a[1] * a[1] < b[0] * b[0] + b[1] * b[1];
  });
  grid.resize(points);
  return grid;
}

std::vector<std::array<double, 2>> directional_points(int groups, int points) {
  std::vector<std::array<double, 2>> places;
  for (int group = 0; group < groups; ++group) {
    const double angle = 2 * std::numbers::pi * group / groups;
    const double y = std::sin(angle), x = std::cos(angle);
    const double norm = std::max(std::abs(y), std::abs(x));
    for (int p = 1; p <= points; ++p) places.push_back({y / norm * p, x / norm * p});
  }
  return places;
}

void start_at(LinearImpl& offset, const std::vector<std::array<double, 2>>& places) {
  std::vector<double> bias;
  for (const auto& place : places) bias.insert(bias.end(), place.begin(), place.end());
  offset.weight.zero_();
  offset.bias.copy_(at::tensor(bias));
}

at::Tensor sample(const at::Tensor& tokens, const SamplePoints& points) {
  const auto batch = points.location.size(0), queries = points.location.size(1),
             groups = points.location.size(2), count = points.location.size(3);
  const auto channels = tokens.size(2) / groups;
  // Pixel centres without align_corners: (p + 0.5) 2 / size - 1, in the order (x, y).
  const at::Tensor size = at::tensor({points.width, points.height}, points.location.options());
  const at::Tensor grid = ((points.location.flip(-1) + 0.5) * 2 / size - 1)
                              .permute({0, 2, 1, 3, 4})
                              .reshape({batch * groups, queries, count, 2});
  const at::Tensor map = tokens_to_map(tokens, points.height, points.width)
                             .reshape({batch * groups, channels, points.height, points.width});
  constexpr int kBilinear = 0, kZeros = 0, kBorder = 1;
  return at::grid_sampler_2d(map, grid, kBilinear, points.zeros ? kZeros : kBorder, false)
      .reshape({batch, groups, channels, queries, count});
}

at::Tensor weighted_points_by_cells(const at::Tensor& v, const at::Tensor& w,
                                    const SamplePoints& points) {
  return mix_cells(v, w.transpose(1, 2), corners_of(points));
}

at::Tensor weighted_points_by_samples(const at::Tensor& v, const at::Tensor& w,
                                      const SamplePoints& points) {
  const at::Tensor weighted = sample(v, points) * w.transpose(1, 2).unsqueeze(2);
  return weighted.sum(-1).flatten(1, 2).transpose(1, 2);
}

at::Tensor weighted_points(const at::Tensor& v, const at::Tensor& w, const SamplePoints& points) {
  return v.is_cpu() ? weighted_points_by_cells(v, w, points)
                    : weighted_points_by_samples(v, w, points);
}

at::Tensor point_attention_by_cells(const PointAttentionArgs& args) {
  const auto batch = args.q.size(0), queries = args.q.size(1),
             groups = args.points.location.size(2), count = args.points.location.size(3);
  const auto parts = std::max(groups, args.heads);  // the finer division of the channels
  Corners corners = corners_of(args.points);
  corners.index = repeat_parts(corners.index, parts / groups);
  corners.weight = repeat_parts(corners.weight, parts / groups);
  const at::Tensor q = split_channels(args.q * scale_of(args), parts),
                   k = split_channels(args.k, parts);
  const auto scores_of = [&] {  // [B, parts, N, N cells]
    const WithoutAutocast exact(q);
    return at::matmul(q, k.transpose(2, 3));
  };
  const at::Tensor scores = scores_of();
  const at::Tensor logits = (scores.gather(3, corners.index) * corners.weight)
                                .view({batch, args.heads, parts / args.heads, queries, count, 4})
                                .sum({2, 5});
  const at::Tensor attention = repeat_parts(at::softmax(logits, -1), parts / args.heads);
  return mix_cells(args.v, attention, corners);
}

at::Tensor point_attention_by_samples(const PointAttentionArgs& args) {
  const auto batch = args.q.size(0), queries = args.q.size(1), dim = args.q.size(2),
             count = args.points.location.size(3);
  const auto by_head = [&](const at::Tensor& tokens) {
    return sample(tokens, args.points)
        .reshape({batch, args.heads, dim / args.heads, queries, count});
  };
  const at::Tensor q = (args.q * scale_of(args))
                           .transpose(1, 2)
                           .reshape({batch, args.heads, dim / args.heads, queries, 1});
  const at::Tensor attention = at::softmax((q * by_head(args.k)).sum(2, true), -1);
  return (attention * by_head(args.v)).sum(-1).reshape({batch, dim, queries}).transpose(1, 2);
}

at::Tensor point_attention_by_kernel(const PointAttentionArgs& args) {
  const SamplePoints& points = args.points;
  return ops::dca_attention(args.q, args.k, args.v, points.location, points.height, points.width,
                            args.heads, points.zeros);
}

at::Tensor point_attention(const PointAttentionArgs& args) {
  if (args.q.is_cpu()) return point_attention_by_cells(args);
  const bool fits =
      args.q.scalar_type() == at::kFloat && args.q.size(2) / args.heads <= ops::kMaxDcaHeadChannels;
  return fits && !at::GradMode::is_enabled() ? point_attention_by_kernel(args)
                                             : point_attention_by_samples(args);
}

}  // namespace vremd::model
