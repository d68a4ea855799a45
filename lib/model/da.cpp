// SPDX-License-Identifier: Apache-2.0
#include "model/da.h"

namespace vremd::model {

DaImpl::DaImpl(const ModelConfig& config)
    : height_(config.tokens_h()),
      width_(config.tokens_w()),
      heads_(config.bmd.da.heads),
      points_(config.bmd.da.points) {
  const std::int64_t dim = config.dim(), count = heads_ * points_;
  offset_ = register_module("offset", std::make_shared<LinearImpl>(dim, 2 * count));
  offset_->keep_float = true;  // coordinates
  weight_ = register_module("weight", std::make_shared<LinearImpl>(dim, count));
  v_ = register_module("v", std::make_shared<LinearImpl>(dim, dim));
  proj_ = register_module("proj", std::make_shared<LinearImpl>(dim, dim));
}

PointOutput DaImpl::forward(const at::Tensor& x, const at::Tensor&) {
  const at::Tensor offsets = offset_->forward(x).view({x.size(0), x.size(1), heads_, points_, 2});
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
