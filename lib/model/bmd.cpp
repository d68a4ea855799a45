// SPDX-License-Identifier: Apache-2.0
#include "model/bmd.h"

#include "model/dc.h"
#include "model/dca.h"

#include <cmath>

namespace vremd::model {
namespace {

std::int64_t hidden_width(const ModelConfig& config) {
  return std::llround(config.bmd.mlp_ratio * config.dim());
}

// Whether a block uses F: in the sampling or in the cross attention.
bool uses_feature(const ModelConfig::Bmd& bmd) {
  if (bmd.op == MotionOp::kDca) return true;
  if (bmd.op == MotionOp::kDc && bmd.dc.condition == DcCondition::kConcat) return true;
  return bmd.ca.enabled && bmd.ca.query != CaQuery::kOtherDirection;
}

}  // namespace

CrossAttentionImpl::CrossAttentionImpl(std::int64_t dim, std::int64_t heads) : heads_(heads) {
  q_ = add<LinearImpl>("q", dim, dim);
  k_ = add<LinearImpl>("k", dim, dim);
  v_ = add<LinearImpl>("v", dim, dim);
  proj_ = add<LinearImpl>("proj", dim, dim);
}

at::Tensor CrossAttentionImpl::forward(const at::Tensor& query, const at::Tensor& source) {
  const auto split = [this](const at::Tensor& x) {
    return x.view({x.size(0), x.size(1), heads_, x.size(2) / heads_}).transpose(1, 2);
  };
  const at::Tensor attended =
      attend(split(q_->forward_native(query)), split(k_->forward_native(source)),
             split(v_->forward_native(source)));
  return proj_->forward(attended.transpose(1, 2).reshape(query.sizes()));
}

AdcImpl::AdcImpl(const ModelConfig& config) : query_(config.bmd.ca.query) {
  const std::int64_t dim = config.dim();
  const double eps = config.modules.ln_eps;
  if (config.bmd.norm_x == MotionNorm::kLayerNorm) norm_x_ = add<LayerNormImpl>("norm_x", dim, eps);
  const bool norm_f = config.bmd.norm_f == MotionNorm::kLayerNorm;
  if (norm_f && uses_feature(config.bmd)) norm_f_ = add<LayerNormImpl>("norm_f", dim, eps);
  const auto attend_by = [&](auto op) {
    attend_points = [op](const at::Tensor& x, const at::Tensor& f, bool fixed_points) {
      return op->forward(x, f, fixed_points);
    };
  };
  switch (config.bmd.op) {
    case MotionOp::kDca: attend_by(add<DcaImpl>("dca", config)); break;
    case MotionOp::kDa: attend_by(add<DaImpl>("da", config)); break;
    case MotionOp::kDc: attend_by(add<DcImpl>("dc", config)); break;
  }
  if (config.bmd.ca.enabled) {
    ca_ = add<CrossAttentionImpl>("ca", dim, config.heads());
  }
  if (config.bmd.adc == AdcKind::kParallel && config.bmd.op != MotionOp::kDc) {
    const std::int64_t branches = ca_ ? 2 : 1;
    mlp = add<MlpImpl>("mlp", branches * dim, hidden_width(config), dim);
  }
}

at::Tensor AdcImpl::normalise_motion(const at::Tensor& x) {
  return norm_x_ ? norm_x_->forward(x) : x;
}

at::Tensor AdcImpl::normalise_feature(const at::Tensor& f) {
  return norm_f_ ? norm_f_->forward(f) : f;
}

at::Tensor AdcImpl::attend_all(const at::Tensor& x, const at::Tensor& f, const at::Tensor& other) {
  if (query_ == CaQuery::kFeature) return ca_->forward(f, x);
  return ca_->forward(x, query_ == CaQuery::kMotion ? f : other);
}

BmdImpl::BmdImpl(const ModelConfig& config)
    : options_(config.bmd), height_(config.tokens_h()), width_(config.tokens_w()) {
  const std::int64_t dim = config.dim();
  fwd_ = add<ListImpl<AdcImpl>>("fwd", options_.blocks, config);
  if (!options_.separate) {
    entry_ = add<LinearImpl>("entry", 2 * dim, dim);
    return;
  }
  bwd_ = options_.share_directions ? fwd_ : add<ListImpl<AdcImpl>>("bwd", options_.blocks, config);
  if (options_.adc == AdcKind::kDirections) {
    mix_ = add<ListImpl<MlpImpl>>("mix", options_.blocks, 2 * dim, hidden_width(config), 2 * dim);
  }
  const auto fuse_by = [&](auto layer) {
    fuse_ = [layer](const at::Tensor& both) { return layer->forward(both); };
  };
  switch (options_.fusion) {
    case MotionFusion::kLinear: fuse_by(add<LinearImpl>("fuse", 2 * dim, dim)); break;
    case MotionFusion::kMlp: fuse_by(add<MlpImpl>("fuse", 2 * dim, 2 * dim, dim)); break;
    case MotionFusion::kConv3x3:
      fuse_by(add<ConvImpl>("fuse", 2 * dim, dim, 3));
      fuse_ = [this, conv = fuse_](const at::Tensor& both) {
        return map_to_tokens(conv(tokens_to_map(both, height_, width_)));
      };
      break;
  }
}

std::vector<at::Tensor> BmdImpl::disentangle(std::size_t block,
                                             const std::vector<at::Tensor>& streams,
                                             const at::Tensor& f, const Parts& without,
                                             std::vector<at::Tensor>& offsets) {
  const std::size_t count = streams.size();
  const auto adc = [&](std::size_t s) -> AdcImpl& {
    return s == 0 ? *fwd_->blocks[block] : *bwd_->blocks[block];
  };
  std::vector<at::Tensor> x(count), f_hat(count), a(count), step(count);
  for (std::size_t s = 0; s < count; ++s) {
    x[s] = adc(s).normalise_motion(streams[s]);
    f_hat[s] = adc(s).normalise_feature(f);
    const auto points = adc(s).attend_points(x[s], f_hat[s], without.has(Part::kOffsets));
    a[s] = without.has(Part::kDca) ? at::zeros_like(points.value) : points.value;
    offsets.push_back(points.offsets);
  }
  // parallel: both branches read the motion; directions: CA reads the output of DCA.
  const std::vector<at::Tensor>& ca_input = mix_ ? a : x;
  for (std::size_t s = 0; s < count; ++s) {
    at::Tensor c;
    if (adc(s).has_cross_attention()) {
      c = adc(s).attend_all(ca_input[s], f_hat[s], ca_input[count - 1 - s]);
      if (without.has(Part::kCa)) c = at::zeros_like(c);
    }
    if (adc(s).mlp) {
      step[s] = adc(s).mlp->forward(c.defined() ? at::cat({a[s], c}, -1) : a[s]);
    } else {
      step[s] = c.defined() ? c : a[s];
    }
  }
  if (mix_) step = mix_->blocks[block]->forward(at::cat(step, -1)).chunk(2, -1);
  if (!options_.residual) return step;
  for (std::size_t s = 0; s < count; ++s) step[s] = streams[s] + step[s];
  return step;
}

BmdImpl::Output BmdImpl::forward(const at::Tensor& fm_btnd, const at::Tensor& f,
                                 const Parts& without) {
  const at::Tensor f_t = fm_btnd.select(1, 1);
  std::vector<at::Tensor> streams = {fm_btnd.select(1, 2) - f_t, fm_btnd.select(1, 0) - f_t};
  if (without.has(Part::kForward)) streams[0] = at::zeros_like(streams[0]);
  if (without.has(Part::kBackward)) streams[1] = at::zeros_like(streams[1]);
  if (entry_) streams = {entry_->forward(at::cat(streams, -1))};
  std::vector<at::Tensor> offsets;  // ordered by block, then stream
  for (std::size_t block = 0; block < fwd_->blocks.size(); ++block) {
    streams = disentangle(block, streams, f, without, offsets);
  }
  const auto directions = static_cast<std::int64_t>(streams.size());
  const at::Tensor all = at::stack(offsets, 1).unflatten(1, {-1, directions}).transpose(1, 2);
  return {fuse_ ? fuse_(at::cat(streams, -1)) : streams[0], all};
}

}  // namespace vremd::model
