// SPDX-License-Identifier: Apache-2.0
#include "model/hkme.h"

#include <cmath>
#include <numbers>

namespace vremd::model {
namespace {

constexpr double kMaskEps = 1e-6;  // under the logarithm of a mask

BlockOptions block_options(const ModelConfig& config) {
  return {.dim = config.dim(),
          .heads = config.heads(),
          .mlp_ratio = config.model.mlp_ratio,
          .ln_eps = config.modules.ln_eps,
          .post_norm = config.hkme.norm == NormPlace::kPost};
}

double rsqrt_of(std::int64_t dim) { return 1 / std::sqrt(static_cast<double>(dim)); }

std::int64_t token_frames(const ModelConfig& config) { return config.hkme.tokens_shared ? 1 : 3; }

// [3 or 1, K, D] -> [B, 3, K, D]
at::Tensor for_each_frame(const at::Tensor& token, std::int64_t batch) {
  return token.unsqueeze(0).expand({batch, 3, token.size(1), token.size(2)});
}

at::Tensor log_of(const at::Tensor& mask) { return (mask + kMaskEps).log(); }

}  // namespace

at::Tensor sine_position(std::int64_t height, std::int64_t width, std::int64_t dim) {
  // DETR: one period across the map, wavelengths up to 10000 periods, sine and cosine alternate.
  constexpr double kTemperature = 10000, kTurn = 2 * std::numbers::pi, kEps = 1e-6;
  const std::int64_t half = dim / 2;
  const auto along = [&](std::int64_t size) {  // [size, half]
    const at::Tensor place =
        (at::arange(size, at::kDouble) + 1) / (static_cast<double>(size) + kEps) * kTurn;
    const at::Tensor channel = at::arange(half / 2, at::kDouble) * 2 / static_cast<double>(half);
    const at::Tensor angle = place.unsqueeze(1) / at::pow(kTemperature, channel);
    return at::stack({angle.sin(), angle.cos()}, 2).flatten(1);
  };
  const at::Tensor y = along(height).unsqueeze(1).expand({height, width, half}),
                   x = along(width).unsqueeze(0).expand({height, width, half});
  return at::cat({y, x}, 2).flatten(0, 1).to(at::kFloat);
}

Position::Position(const ModelConfig& config)
    : again_(config.hkme.pos_embed == PositionEmbedding::kSineFull) {
  if (config.hkme.pos_embed == PositionEmbedding::kNone) return;
  table_ = sine_position(config.tokens_h(), config.tokens_w(), config.dim());
}

at::Tensor Position::run(BlocksImpl& blocks, const at::Tensor& x, const at::Tensor& key_bias,
                         std::int64_t frames, std::int64_t extra) const {
  if (!table_.defined()) return blocks.forward(x, key_bias);
  const at::Tensor of_a_frame = at::constant_pad_nd(table_, {0, 0, extra, 0});
  return blocks.forward(x, key_bias, of_a_frame.repeat({frames, 1}).to(x.options()), again_);
}

HumanMaskImpl::HumanMaskImpl(const ModelConfig& config)
    : activation_(config.hkme.human.activation), position_(config) {
  token_ = add_parameter("token", {token_frames(config), 1, config.dim()});
  blocks_ = add<BlocksImpl>("blocks", config.hkme.depth_h, block_options(config));
  norm_ = add<LayerNormImpl>("norm", config.dim(), config.modules.ln_eps);
}

HumanMaskImpl::Output HumanMaskImpl::forward(const at::Tensor& fm_btnd, bool unmasked) {
  const auto batch = fm_btnd.size(0), count = fm_btnd.size(2), dim = fm_btnd.size(3);
  const at::Tensor joined = at::cat({for_each_frame(token_, batch), fm_btnd}, 2);
  const at::Tensor seen = norm_->forward(position_.run(*blocks_, joined.flatten(0, 1), {}, 1, 1))
                              .view({batch, 3, 1 + count, dim});
  const at::Tensor t_h = seen.slice(2, 0, 1), f = seen.slice(2, 1);
  at::Tensor mask = (f * t_h).sum(-1);
  if (activation_ == HumanActivation::kCosine) {
    mask = mask / (f.norm(2, -1) * t_h.norm(2, -1)).clamp_min(kMaskEps);
  } else if (activation_ != HumanActivation::kLiteral) {
    mask = mask * rsqrt_of(dim);
    if (activation_ == HumanActivation::kSigmoid) mask = mask.sigmoid();
  }
  if (unmasked) mask = at::ones_like(mask);
  return {f * mask.unsqueeze(-1), mask};
}

void HumanMaskImpl::init() { token_.normal_(0, kInitSigma); }

KeypointMaskImpl::KeypointMaskImpl(const ModelConfig& config)
    : options_(config.hkme.keypoint), joints_(config.joints().size()), position_(config) {
  for (const int joint : config.trained_joints()) trained_.push_back(joint);
  const std::int64_t dim = config.dim();
  token_ = add_parameter("token", {token_frames(config), joints_, dim});
  if (options_.temporal_embed) {
    temporal_embed_ = add_parameter("temporal_embed", {3, 1, dim});
  }
  const bool skip_norm = config.hkme.first_norm == FirstNorm::kSkip && config.hkme.human.enabled;
  blocks_ = add<BlocksImpl>("blocks", config.hkme.depth_k, block_options(config), skip_norm);
  norm_ = add<LayerNormImpl>("norm", dim, config.modules.ln_eps);
}

KeypointMaskImpl::Output KeypointMaskImpl::forward(const at::Tensor& f_c,
                                                   const at::Tensor& token_bias,
                                                   const at::Tensor& annotated,
                                                   const Parts& without) {
  const auto batch = f_c.size(0), count = f_c.size(2), dim = f_c.size(3);
  at::Tensor joined = at::cat({for_each_frame(token_, batch), f_c}, 2);  // [B, 3, J + N, D]
  if (temporal_embed_.defined()) joined = joined + temporal_embed_;
  at::Tensor key_bias;
  if (token_bias.defined()) {
    const at::Tensor none = at::zeros({batch, 3, joints_}, token_bias.options());
    key_bias = at::cat({none, token_bias}, 2).flatten(1);
  }
  const at::Tensor seen =
      norm_->forward(position_.run(*blocks_, joined.flatten(1, 2), key_bias, 3, joints_))
          .view({batch, 3, joints_ + count, dim});
  const at::Tensor keypoints = seen.slice(2, 0, joints_), tokens = seen.slice(2, joints_);
  Output output{tokens, {}, keypoints.select(1, 1), {}};
  if (without.has(Part::kHk)) output.tokens = for_each_frame(token_, batch).select(1, 1);
  if (options_.mask) {
    output.mask = mask_of(keypoints, tokens, annotated, without.has(Part::kKeypointMask));
    output.f_f = tokens * output.mask.unsqueeze(-1);
    if (is_training()) output.rows = rows_of(keypoints.select(1, 1), tokens.select(1, 1));
  }
  return output;
}

at::Tensor KeypointMaskImpl::rows_of(const at::Tensor& keypoints, const at::Tensor& tokens) const {
  const WithoutAutocast exact(tokens);
  const at::Tensor map = at::matmul(keypoints, tokens.transpose(1, 2));
  return options_.scale == KeypointScale::kRsqrtD ? map * rsqrt_of(tokens.size(-1)) : map;
}

at::Tensor KeypointMaskImpl::mask_of(const at::Tensor& keypoints, const at::Tensor& tokens,
                                     const at::Tensor& annotated, bool even) const {
  const WithoutAutocast exact(tokens);
  const auto batch = tokens.size(0), count = tokens.size(2), dim = tokens.size(3);
  at::Tensor rows = keypoints, counted = annotated;
  if (static_cast<std::int64_t>(trained_.size()) != joints_) {
    const at::Tensor trained = at::tensor(trained_, keypoints.options().dtype(at::kLong));
    rows = keypoints.index_select(2, trained);
    if (counted.defined()) counted = counted.index_select(1, trained);
  }
  const auto row_count = rows.size(2);
  at::Tensor map =
      rows_of(rows.reshape({batch, 3 * row_count, dim}), tokens.reshape({batch, 3 * count, dim}));
  if (even) map = at::zeros_like(map);
  // Over the tokens: over the keypoints the sum below would always be 1 (METHOD 5.2).
  map = at::softmax(map, -1).view({batch, 3, row_count, 3, count});
  if (counted.defined()) map = map * counted.view({batch, 1, row_count, 1, 1});
  at::Tensor mask;  // [B, 3, N]
  auto summed = row_count;
  if (options_.sum == KeypointSum::kAll) {
    mask = map.sum({1, 2});
    summed = 3 * row_count;
  } else if (options_.sum == KeypointSum::kKeyFrame) {
    mask = map.select(1, 1).sum(1);
  } else {
    mask = map.diagonal(0, 1, 3).sum(1).transpose(1, 2);  // [B, J, N, 3] -> [B, 3, N]
  }
  if (options_.norm == KeypointNorm::kMean1) {
    if (counted.defined()) {  // the number of rows differs by sample
      const at::Tensor share = counted.sum(1).clamp_min(1) / static_cast<double>(row_count);
      mask = mask / share.view({batch, 1, 1});
    }
    return mask * (3.0 * static_cast<double>(count) / static_cast<double>(summed));
  }
  if (options_.norm == KeypointNorm::kMax1) return mask / mask.amax({1, 2}, true);
  return mask;
}

void KeypointMaskImpl::init() {
  token_.normal_(0, kInitSigma);
  if (temporal_embed_.defined()) temporal_embed_.zero_();
}

MaskConcentration concentration_of(const at::Tensor& keypoint_mask) {
  at::NoGradGuard no_grad;
  const at::Tensor weights = keypoint_mask.detach().flatten(1).to(at::kDouble);
  const at::Tensor share = weights / weights.sum(1, true);
  const at::Tensor entropy = -at::xlogy(share, share).sum(1);
  return {share.amax(1).mean().item<double>() * static_cast<double>(share.size(1)),
          entropy.exp().mean().item<double>()};
}

ReduceImpl::ReduceImpl(const ModelConfig& config) : kind_(config.hkme.reduce) {
  const std::int64_t dim = config.dim(), count = config.tokens_h() * config.tokens_w();
  const double eps = config.modules.ln_eps;
  if (kind_ == TokenReduction::kTemporal) {
    fc1_ = add<LinearImpl>("fc1", 3, 1);
    return;
  }
  const bool token = kind_ == TokenReduction::kToken;
  norm_ = add<LayerNormImpl>("norm", token ? dim : 3 * dim, eps);
  const std::int64_t in = token ? 3 * count : 3 * dim, out = token ? count : dim;
  fc1_ = add<LinearImpl>("fc1", in, out);
  fc2_ = add<LinearImpl>("fc2", out, out);
}

at::Tensor ReduceImpl::forward(const at::Tensor& f_btnd) {
  if (kind_ == TokenReduction::kTemporal) {
    return fc1_->forward(f_btnd.permute({0, 2, 3, 1})).squeeze(-1);
  }
  if (kind_ == TokenReduction::kConcat) {
    const at::Tensor joined = f_btnd.permute({0, 2, 1, 3}).flatten(2);
    return fc2_->forward(at::gelu(fc1_->forward(norm_->forward(joined))));
  }
  const at::Tensor columns = norm_->forward(f_btnd).flatten(1, 2).transpose(1, 2).contiguous();
  return fc2_->forward(at::gelu(fc1_->forward(columns))).transpose(1, 2).contiguous();
}

HkmeImpl::HkmeImpl(const ModelConfig& config) : options_(config.hkme), position_(config) {
  if (options_.human.enabled) {
    human_ = add<HumanMaskImpl>("human", config);
  }
  if (options_.keypoint.tokens) {
    keypoint_ = add<KeypointMaskImpl>("keypoint", config);
  }
  const bool masked = options_.keypoint.tokens ? options_.keypoint.mask : options_.human.enabled;
  spatial_ = add<BlocksImpl>("spatial", options_.depth_s, block_options(config),
                             masked && options_.first_norm == FirstNorm::kSkip);
  temporal_ = add<BlocksImpl>("temporal", options_.depth_t, block_options(config));
  if (options_.temporal_embed) {
    temporal_embed_ = add_parameter("temporal_embed", {1, 3, config.dim()});
  }
  reduce_ = add<ReduceImpl>("reduce", config);
}

HkmeImpl::Output HkmeImpl::forward(const at::Tensor& fm_btnd, const at::Tensor& annotated,
                                   const Parts& without) {
  const auto batch = fm_btnd.size(0), count = fm_btnd.size(2), dim = fm_btnd.size(3);
  const bool with_bias = options_.mask_mode == MaskMode::kScaleAndBias;
  Output output;
  at::Tensor f = fm_btnd, bias;  // bias: from the last mask, for the next block's attention
  if (human_) {
    const auto human = human_->forward(f, without.has(Part::kHumanMask));
    f = output.f_human = human.f_c;
    output.human_mask = human.mask;
    // A signed mask has no logarithm (METHOD 5.3).
    if (with_bias && options_.human.activation == HumanActivation::kSigmoid) {
      bias = log_of(human.mask);
    }
  }
  if (keypoint_) {
    const auto keypoint = keypoint_->forward(f, bias, annotated, without);
    f = output.f_joint = keypoint.f_f;
    output.keypoint_mask = keypoint.mask;
    output.tokens = keypoint.tokens;
    output.rows = keypoint.rows;
    bias = with_bias && keypoint.mask.defined() ? log_of(keypoint.mask) : at::Tensor();
  }
  if (bias.defined()) bias = bias.flatten(0, 1);
  f = position_.run(*spatial_, f.flatten(0, 1), bias, 1, 0).view({batch, 3, count, dim});
  if (temporal_embed_.defined()) f = f + temporal_embed_.unsqueeze(2);
  output.f = reduce_->forward(temporal_->forward(f));
  if (options_.out_residual) output.f = output.f + fm_btnd.select(1, 1);
  if (without.has(Part::kHkme)) output.f = at::zeros_like(output.f);
  return output;
}

void HkmeImpl::init() {
  if (temporal_embed_.defined()) temporal_embed_.zero_();
}

}  // namespace vremd::model
