// SPDX-License-Identifier: Apache-2.0
#include "model/dca.h"

#include <algorithm>

namespace vremd::model {
namespace {

struct Psi {
  std::int64_t kernel;
  bool depthwise;
};

Psi shape_of(DcaPsi psi) {
  switch (psi) {
    case DcaPsi::kDw3: return {3, true};
    case DcaPsi::kDw5: return {5, true};
    case DcaPsi::kDw7: return {7, true};
    case DcaPsi::kDw9: return {9, true};
    case DcaPsi::kDense3: return {3, false};
    case DcaPsi::k1x1: break;
  }
  return {1, false};
}

// `places` for each query, in the shape of `offsets` [B, Q, G, n_p, 2].
at::Tensor points_at(const std::vector<std::array<double, 2>>& places, const at::Tensor& offsets) {
  at::Tensor result = at::empty({offsets.size(2), offsets.size(3), 2}, at::kFloat);
  std::copy_n(places.data()->data(), 2 * places.size(), result.data_ptr<float>());
  return result.to(offsets.options()).expand_as(offsets);
}

std::int64_t divided_up(std::int64_t size, std::int64_t by) { return (size + by - 1) / by; }

}  // namespace

DcaImpl::DcaImpl(const ModelConfig& config)
    : height_(config.tokens_h()),
      width_(config.tokens_w()),
      heads_(config.heads()),
      groups_(config.bmd.dca.groups),
      points_(config.bmd.dca.mode == DcaMode::kPerQuery ? config.bmd.dca.points : 1),
      stride_(config.bmd.dca.mode == DcaMode::kPerQuery ? 0 : config.bmd.dca.stride),
      range_(config.bmd.dca.range),
      zeros_(config.bmd.dca.border == DcaBorder::kZeros),
      init_(config.bmd.dca.init) {
  const std::int64_t dim = config.dim();
  const Psi psi = shape_of(config.bmd.dca.psi);
  q_ = add<LinearImpl>("q", dim, dim);
  z_ = add<LinearImpl>("z", dim, dim);
  k_ = add<LinearImpl>("k", dim, dim);
  v_ = add<LinearImpl>("v", dim, dim);
  proj_ = add<LinearImpl>("proj", dim, dim);
  dw_ = add<ConvImpl>("dw", 2 * dim, 2 * dim, psi.kernel, psi.depthwise ? 2 * dim : 1);
  dw_->stride = std::max<std::int64_t>(stride_, 1);
  norm_ = add<LayerNormImpl>("norm", 2 * dim, config.modules.ln_eps);
  offset_ = add<LinearImpl>("offset", 2 * dim, 2 * groups_ * points_);
  offset_->keep_float = true;  // coordinates
}

at::Tensor DcaImpl::reference(const at::TensorOptions& options) const {
  if (stride_ == 0) return cell_places(height_, width_, options);
  // The centres of equal patches of the map.
  const std::int64_t rows = divided_up(height_, stride_), columns = divided_up(width_, stride_);
  const at::Tensor scale = at::tensor({static_cast<double>(height_) / static_cast<double>(rows),
                                       static_cast<double>(width_) / static_cast<double>(columns)},
                                      options);
  return (cell_places(rows, columns, options) + 0.5) * scale - 0.5;
}

at::Tensor DcaImpl::attend_grid(const PointAttentionArgs& args) const {
  const WithoutAutocast exact(args.q);
  const at::Tensor one = at::ones(args.points.location.sizes().slice(0, 4), args.q.options());
  const auto by_head = [&](const at::Tensor& x) {
    return x.unflatten(2, {heads_, -1}).transpose(1, 2);
  };
  return at::scaled_dot_product_attention(by_head(args.q),
                                          by_head(weighted_points(args.k, one, args.points)),
                                          by_head(weighted_points(args.v, one, args.points)))
      .transpose(1, 2)
      .flatten(2);
}

PointOutput DcaImpl::forward(const at::Tensor& x, const at::Tensor& f, bool fixed_points) {
  const at::Tensor q = q_->forward(x), z = z_->forward(f);
  const at::Tensor seen =
      map_to_tokens(dw_->forward(tokens_to_map(at::cat({q, z}, -1), height_, width_)));
  at::Tensor offsets = offset_->forward(at::gelu(norm_->forward(seen)))
                           .view({x.size(0), seen.size(1), groups_, points_, 2});
  if (range_ > 0) offsets = offsets.tanh() * range_;
  if (fixed_points) offsets = points_at(start(), offsets);

  PointAttentionArgs args;
  args.points = {reference(offsets.options()).view({1, -1, 1, 1, 2}) + offsets, height_, width_,
                 zeros_};
  args.heads = heads_;
  // Projected before sampling. With zeros outside the map a sample of W x + b would lose part of b:
  // so k omits it (the softmax cancels it) and v adds it afterwards (the weights sum to 1).
  args.q = q;
  args.k = zeros_ ? k_->forward_without_bias(x) : k_->forward(x);
  args.v = zeros_ ? v_->forward_without_bias(x) : v_->forward(x);
  at::Tensor value = stride_ == 0 ? point_attention(args) : attend_grid(args);
  if (zeros_) value = value + widened(v_->bias);
  return {proj_->forward(value), offsets};
}

std::vector<std::array<double, 2>> DcaImpl::start() const {
  if (init_ == DcaInit::kDirectional) {
    return directional_points(static_cast<int>(groups_), static_cast<int>(points_));
  }
  std::vector<std::array<double, 2>> places;
  for (std::int64_t group = 0; group < groups_; ++group) {
    const auto grid = sampling_grid(static_cast<int>(points_));
    places.insert(places.end(), grid.begin(), grid.end());
  }
  return places;
}

void DcaImpl::init() {
  if (init_ == DcaInit::kRandom) return;  // as any linear layer
  start_at(*offset_, start());
}

DaImpl::DaImpl(const ModelConfig& config)
    : height_(config.tokens_h()),
      width_(config.tokens_w()),
      heads_(config.bmd.da.heads),
      points_(config.bmd.da.points) {
  const std::int64_t dim = config.dim(), count = heads_ * points_;
  offset_ = add<LinearImpl>("offset", dim, 2 * count);
  offset_->keep_float = true;  // coordinates
  weight_ = add<LinearImpl>("weight", dim, count);
  v_ = add<LinearImpl>("v", dim, dim);
  proj_ = add<LinearImpl>("proj", dim, dim);
}

PointOutput DaImpl::forward(const at::Tensor& x, const at::Tensor&, bool fixed_points) {
  at::Tensor offsets = offset_->forward(x).view({x.size(0), x.size(1), heads_, points_, 2});
  if (fixed_points) {
    const auto start = directional_points(static_cast<int>(heads_), static_cast<int>(points_));
    offsets = points_at(start, offsets);
  }
  const at::Tensor weights =
      at::softmax(weight_->forward(x).view({x.size(0), x.size(1), heads_, points_}), -1);
  const at::Tensor p = cell_places(height_, width_, offsets.options()).view({1, -1, 1, 1, 2});
  const SamplePoints points{p + offsets, height_, width_, /*zeros=*/true};
  return {proj_->forward(weighted_points(v_->forward(x), weights, points)), offsets};
}

void DaImpl::init() {
  start_at(*offset_, directional_points(static_cast<int>(heads_), static_cast<int>(points_)));
}

}  // namespace vremd::model
