// SPDX-License-Identifier: Apache-2.0
#include "model/layers.h"

#include <ATen/autocast_mode.h>

#include <cmath>

namespace vremd::model {
namespace {

thread_local at::Device construction_device = at::kCPU;

std::int64_t hidden_width(const BlockOptions& options) {
  return std::llround(options.mlp_ratio * static_cast<double>(options.dim));
}

}  // namespace

ConstructionDevice::ConstructionDevice(at::Device device) : before_(construction_device) {
  construction_device = device;
}

ConstructionDevice::~ConstructionDevice() { construction_device = before_; }

at::Tensor empty_parameter(at::IntArrayRef shape) {
  return at::empty(shape, at::TensorOptions().device(construction_device).dtype(at::kFloat));
}

void init_layers(torch::nn::Module& module) {
  at::NoGradGuard no_grad;
  for (const auto& child : module.children()) init_layers(*child);
  if (auto* layer = dynamic_cast<Layer*>(&module)) layer->init();
}

WithoutAutocast::WithoutAutocast(const at::Tensor& x)
    : device_(x.device().type()), before_(at::autocast::is_autocast_enabled(device_)) {
  at::autocast::set_autocast_enabled(device_, false);
}

WithoutAutocast::~WithoutAutocast() { at::autocast::set_autocast_enabled(device_, before_); }

at::Tensor widened(const at::Tensor& x) {
  const bool half = x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf;
  return half ? x.to(at::kFloat) : x;
}

WeightedLayer::WeightedLayer(std::initializer_list<std::int64_t> shape, double sigma)
    : sigma_(sigma) {
  weight = add_parameter("weight", shape);
  bias = add_parameter("bias", weight.size(0));
}

void WeightedLayer::to_bf16() {
  weight.set_data(weight.to(at::kBFloat16));
  bias.set_data(bias.to(at::kBFloat16));
}

void WeightedLayer::init() {
  weight.normal_(0, sigma_);
  bias.zero_();
}

at::Tensor LinearImpl::forward_native(const at::Tensor& x) {
  std::optional<WithoutAutocast> exact;
  if (keep_float) exact.emplace(x);
  return ops::linear(x.to(weight.scalar_type()), weight, bias, packed_);
}

at::Tensor LinearImpl::forward(const at::Tensor& x) { return widened(forward_native(x)); }

at::Tensor LinearImpl::forward_without_bias(const at::Tensor& x) {
  return widened(ops::linear(x.to(weight.scalar_type()), weight, {}, packed_));
}

void LayerNormImpl::init() {
  weight.fill_(1);
  bias.zero_();
}

at::Tensor LayerNormImpl::forward(const at::Tensor& x) {
  return at::layer_norm(x, weight.sizes(), weight, bias, eps);
}

ConvImpl::ConvImpl(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t groups_in,
                   double sigma)
    : WeightedLayer({out, in / groups_in, kernel, kernel}, sigma), groups(groups_in) {}

at::Tensor ConvImpl::forward(const at::Tensor& map_nchw) {
  const auto padding = dilation * (weight.size(2) / 2);
  return at::conv2d(map_nchw, weight, bias, stride, padding, dilation, groups);
}

MlpImpl::MlpImpl(std::int64_t in, std::int64_t hidden, std::int64_t out) {
  fc1 = add<LinearImpl>("fc1", in, hidden);
  fc2 = add<LinearImpl>("fc2", hidden, out);
}

at::Tensor MlpImpl::forward(const at::Tensor& x) {
  return fc2->forward(at::gelu(fc1->forward_native(x)));
}

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const at::Tensor& key_bias) {
  const auto batch = q.size(0), heads = q.size(1), length = k.size(2), dim = q.size(3);
  const double scale = 1 / std::sqrt(static_cast<double>(dim));
  std::optional<at::Tensor> bias;
  if (key_bias.defined()) bias = key_bias.view({batch, 1, 1, length}).to(q.scalar_type());
  // Backwards, the fused attention takes twice the time of products in bfloat16 (METHOD 11.5).
  if (q.is_cpu() && q.scalar_type() == at::kBFloat16 && q.requires_grad()) {
    const WithoutAutocast as_given(q);
    at::Tensor logits = at::matmul(q * scale, k.transpose(2, 3));
    if (bias) logits = logits + *bias;
    return at::matmul(at::softmax(logits, -1), v);
  }
  if (!bias || !bias->requires_grad()) {
    if (bias) bias = bias->expand({batch, 1, q.size(2), length});
    return at::scaled_dot_product_attention(q, k, v, bias);
  }
  // It has no gradient for a bias: one more channel instead, and zeros up to a multiple of 8.
  constexpr std::int64_t kMore = 8;
  const at::Tensor one = at::full({batch, heads, q.size(2), 1}, 1 / scale, q.options());
  const at::Tensor of_keys = bias->transpose(2, 3).expand({batch, heads, length, 1});
  const auto padded = [&](const at::Tensor& x, std::int64_t more) {
    return at::constant_pad_nd(x, {0, more});
  };
  return at::scaled_dot_product_attention(padded(at::cat({q, one}, 3), kMore - 1),
                                          padded(at::cat({k, of_keys}, 3), kMore - 1),
                                          padded(v, kMore), {}, 0.0, false, scale)
      .narrow(3, 0, dim);
}

AttentionImpl::AttentionImpl(std::int64_t dim, std::int64_t heads_in) : heads(heads_in) {
  qkv = add<LinearImpl>("qkv", dim, 3 * dim);
  proj = add<LinearImpl>("proj", dim, dim);
}

at::Tensor AttentionImpl::forward(const at::Tensor& x, const at::Tensor& key_bias) {
  const auto batch = x.size(0), length = x.size(1), dim = x.size(2);
  const auto parts = qkv->forward_native(x)
                         .view({batch, length, 3, heads, dim / heads})
                         .permute({2, 0, 3, 1, 4})  // q, k, v [B, h, L, d]
                         .unbind(0);
  const at::Tensor attended = attend(parts[0], parts[1], parts[2], key_bias);
  return proj->forward(attended.transpose(1, 2).reshape({batch, length, dim}));
}

at::Tensor AttentionImpl::forward_over_frames(const at::Tensor& x_btnd) {
  const auto batch = x_btnd.size(0), frames = x_btnd.size(1), positions = x_btnd.size(2),
             dim = x_btnd.size(3);
  const auto parts =
      qkv->forward(x_btnd).view({batch, frames, positions, 3, heads, dim / heads}).unbind(3);
  const at::Tensor q = parts[0].unsqueeze(2), k = parts[1].unsqueeze(1),
                   v = parts[2].unsqueeze(1);  // queries on axis 1, keys on axis 2
  const double scale = 1 / std::sqrt(static_cast<double>(dim / heads));
  const at::Tensor weights = at::softmax((q * k).sum(-1, true) * scale, 2);
  return proj->forward((weights * v).sum(2).view({batch, frames, positions, dim}));
}

BlockImpl::BlockImpl(const BlockOptions& options) : post_norm(options.post_norm) {
  const auto dim = options.dim;
  if (!options.skip_norm1) {
    norm1 = add<LayerNormImpl>("norm1", dim, options.ln_eps);
  }
  attn = add<AttentionImpl>("attn", dim, options.heads);
  norm2 = add<LayerNormImpl>("norm2", dim, options.ln_eps);
  mlp = add<MlpImpl>("mlp", dim, hidden_width(options), dim);
}

at::Tensor BlockImpl::forward(const at::Tensor& x, const at::Tensor& key_bias) {
  const at::Tensor in = norm1 && !post_norm ? norm1->forward(x) : x;
  const at::Tensor attended =
      x + (x.dim() == 4 ? attn->forward_over_frames(in) : attn->forward(in, key_bias));
  if (!post_norm) return attended + mlp->forward(norm2->forward(attended));
  const at::Tensor middle = norm1->forward(attended);
  return norm2->forward(middle + mlp->forward(middle));
}

BlocksImpl::BlocksImpl(int depth, BlockOptions options, bool skip_first) {
  for (int i = 0; i < depth; ++i) {
    options.skip_norm1 = skip_first && i == 0;
    blocks.push_back(add<BlockImpl>(std::to_string(i), options));
  }
}

at::Tensor BlocksImpl::forward(at::Tensor x, const at::Tensor& key_bias, const at::Tensor& position,
                               bool position_again) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (position.defined() && (i == 0 || position_again)) x = x + position;
    x = blocks[i]->forward(x, i == 0 ? key_bias : at::Tensor());
  }
  return x;
}

at::Tensor tokens_to_map(const at::Tensor& tokens, std::int64_t h, std::int64_t w) {
  return tokens.reshape({tokens.size(0), h, w, tokens.size(2)}).permute({0, 3, 1, 2});
}

at::Tensor map_to_tokens(const at::Tensor& map_nchw) {
  return map_nchw.permute({0, 2, 3, 1})
      .reshape({map_nchw.size(0), map_nchw.size(2) * map_nchw.size(3), map_nchw.size(1)});
}

void linears_to_bf16(torch::nn::Module& module) {
  at::NoGradGuard no_grad;
  module.apply([](torch::nn::Module& each) {
    auto* layer = dynamic_cast<LinearImpl*>(&each);
    if (!layer || layer->keep_float) return;
    layer->to_bf16();
  });
}

}  // namespace vremd::model
