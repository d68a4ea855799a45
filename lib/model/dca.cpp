// SPDX-License-Identifier: Apache-2.0
#include "model/dca.h"

#include <algorithm>
#include <cmath>

namespace vremd {
namespace {

// Cell indices and weights of bilinear sampling, [B, G, N, n_p * 4].
struct Corners {
  at::Tensor index, weight;
};

Corners corners_of(const PointAttentionArgs& args) {
  const auto limit_y = args.height - 1, limit_x = args.width - 1;
  at::Tensor y = args.location.select(-1, 0), x = args.location.select(-1, 1);
  if (!args.zeros) {
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
      if (args.zeros) {
        w = w * (yi.ge(0) & yi.le(limit_y) & xi.ge(0) & xi.le(limit_x)).to(w.scalar_type());
      }
      // Clamped as integers: so NaN cannot become an index outside.
      index.push_back(yi.to(at::kLong).clamp(0, limit_y) * args.width +
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

// [B, parts, ...] -> [B, parts * times, ...], each part repeated one after the other
at::Tensor repeat_parts(const at::Tensor& x, std::int64_t times) {
  return times == 1 ? x : x.repeat_interleave(times, 1);
}

double scale_of(const PointAttentionArgs& args) {
  return 1 / std::sqrt(static_cast<double>(args.q.size(2) / args.heads));
}

}  // namespace

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

at::Tensor point_attention_by_cells(const PointAttentionArgs& args) {
  const auto batch = args.q.size(0), queries = args.q.size(1), groups = args.location.size(2),
             points = args.location.size(3);
  const auto parts = std::max(groups, args.heads);  // what has one head and one group
  Corners corners = corners_of(args);
  const at::Tensor index = repeat_parts(corners.index, parts / groups);
  const at::Tensor weight = repeat_parts(corners.weight, parts / groups);
  const at::Tensor q = split_channels(args.q * scale_of(args), parts),
                   k = split_channels(args.k, parts), v = split_channels(args.v, parts);
  // [B, parts, N, N cells]; bfloat16 under autocast, while training
  const at::Tensor scores = at::matmul(q, k.transpose(2, 3)).to(at::kFloat);
  at::Tensor logits = (scores.gather(3, index) * weight)
                          .view({batch, args.heads, parts / args.heads, queries, points, 4})
                          .sum({2, 5});
  const at::Tensor attention = repeat_parts(at::softmax(logits, -1), parts / args.heads);
  const at::Tensor spread =
      (attention.unsqueeze(-1) * weight.view({batch, parts, queries, points, 4})).flatten(3);
  const at::Tensor cells = at::zeros_like(scores).scatter_add(3, index, spread);
  return at::matmul(cells, v).transpose(1, 2).reshape(args.q.sizes());
}

at::Tensor point_attention_by_samples(const PointAttentionArgs& args) {
  const auto batch = args.q.size(0), queries = args.q.size(1), dim = args.q.size(2),
             groups = args.location.size(2), points = args.location.size(3);
  // Pixel centres without align_corners: (p + 0.5) 2 / size - 1, in the order (x, y).
  const at::Tensor size = at::tensor({args.width, args.height}, args.location.options());
  const at::Tensor grid = ((args.location.flip(-1) + 0.5) * 2 / size - 1)
                              .permute({0, 2, 1, 3, 4})
                              .reshape({batch * groups, queries, points, 2});
  const auto sample = [&](const at::Tensor& tokens) {
    const at::Tensor map = tokens_to_map(tokens, args.height, args.width)
                               .reshape({batch * groups, dim / groups, args.height, args.width});
    constexpr int kBilinear = 0, kZeros = 0, kBorder = 1;
    return at::grid_sampler_2d(map, grid, kBilinear, args.zeros ? kZeros : kBorder, false)
        .reshape({batch, args.heads, dim / args.heads, queries, points});
  };
  const at::Tensor q = (args.q * scale_of(args))
                           .transpose(1, 2)
                           .reshape({batch, args.heads, dim / args.heads, queries, 1});
  const at::Tensor attention = at::softmax((q * sample(args.k)).sum(2, true), -1);
  return (attention * sample(args.v)).sum(-1).reshape({batch, dim, queries}).transpose(1, 2);
}

DcaImpl::DcaImpl(const ModelConfig& config)
    : height_(config.tokens_h()),
      width_(config.tokens_w()),
      heads_(config.heads()),
      groups_(config.bmd.dca.groups),
      points_(config.bmd.dca.points),
      range_(config.bmd.dca.range),
      zeros_(config.bmd.dca.border == "zeros") {
  const std::int64_t dim = config.dim();
  const std::string& psi = config.bmd.dca.psi;
  q_ = register_module("q", std::make_shared<LinearImpl>(dim, dim));
  z_ = register_module("z", std::make_shared<LinearImpl>(dim, dim));
  k_ = register_module("k", std::make_shared<LinearImpl>(dim, dim));
  v_ = register_module("v", std::make_shared<LinearImpl>(dim, dim));
  proj_ = register_module("proj", std::make_shared<LinearImpl>(dim, dim));
  dw_ = register_module("dw", std::make_shared<ConvImpl>(2 * dim, 2 * dim, psi == "1x1" ? 1 : 3,
                                                         psi == "dw3" ? 2 * dim : 1));
  norm_ = register_module("norm", std::make_shared<LayerNormImpl>(2 * dim, config.modules.ln_eps));
  offset_ = register_module("offset",
                            std::make_shared<LinearImpl>(2 * dim, 2 * groups_ * points_));
  offset_->keep_float = true;  // coordinates
}

DcaImpl::Output DcaImpl::forward(const at::Tensor& x, const at::Tensor& f) {
  const auto batch = x.size(0), queries = x.size(1);
  const at::Tensor q = q_->forward(x), z = z_->forward(f);
  const at::Tensor seen =
      map_to_tokens(dw_->forward(tokens_to_map(at::cat({q, z}, -1), height_, width_)));
  at::Tensor offsets = offset_->forward(at::gelu(norm_->forward(seen)))
                           .view({batch, queries, groups_, points_, 2});
  if (range_ > 0) offsets = offsets.tanh() * range_;

  const at::Tensor cell = at::arange(queries, offsets.options());
  const at::Tensor row = (cell / static_cast<double>(width_)).floor();
  const at::Tensor p_z = at::stack({row, cell - row * static_cast<double>(width_)}, -1);
  PointAttentionArgs args;
  args.location = p_z.view({1, queries, 1, 1, 2}) + offsets;
  args.height = height_;
  args.width = width_;
  args.heads = heads_;
  args.zeros = zeros_;
  // Projected before sampling. Beyond a border of zeros a sample of W x + b would lose part of b:
  // there k goes without (the softmax cancels it) and v gets it afterwards (its weights sum to 1).
  args.q = q;
  args.k = zeros_ ? k_->forward_without_bias(x) : k_->forward(x);
  args.v = zeros_ ? v_->forward_without_bias(x) : v_->forward(x);
  at::Tensor value =
      x.is_cpu() ? point_attention_by_cells(args) : point_attention_by_samples(args);
  if (zeros_) value = value + v_->bias.to(at::kFloat);
  return {proj_->forward(value), offsets};
}

void DcaImpl::init() {
  offset_->weight.zero_();
  std::vector<float> bias;
  for (std::int64_t group = 0; group < groups_; ++group) {
    for (const auto& point : sampling_grid(static_cast<int>(points_))) {
      bias.insert(bias.end(), {static_cast<float>(point[0]), static_cast<float>(point[1])});
    }
  }
  offset_->bias.copy_(at::tensor(bias));
}

}  // namespace vremd
