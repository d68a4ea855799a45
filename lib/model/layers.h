// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/linear.h"

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

namespace vremd::model {

// The layers that ViT, HKME, BMD and the heads are made of. Constructors leave parameters
// unset: weights are read into them (weights.h) or init() draws them.

// Where constructors put parameters, for the life of this object and on this thread: the CPU, or
// the meta device, which has shapes and no memory.
class ConstructionDevice {
 public:
  explicit ConstructionDevice(at::Device device);
  ~ConstructionDevice();
  ConstructionDevice(const ConstructionDevice&) = delete;
  ConstructionDevice& operator=(const ConstructionDevice&) = delete;

 private:
  at::Device before_;
};

at::Tensor empty_parameter(at::IntArrayRef shape);

// Normal with sigma 0.02, cut at +-2 as in timm: a hundred sigma, so never (METHOD 5).
constexpr double kInitSigma = 0.02;

// A module that knows its random start: init() sets what is its own, after that of its children.
struct Layer : torch::nn::Module {
  virtual void init() = 0;
};

// Calls init() of every Layer below `module`, children first, then of `module` itself.
void init_layers(torch::nn::Module& module);

// bfloat16 and float16 -> float32; float32 and float64 stay.
at::Tensor widened(const at::Tensor& x);

// y = x W^T + b. The input is cast to the weight's type; forward() widens the result.
struct LinearImpl : Layer {
  LinearImpl(std::int64_t in, std::int64_t out);
  void init() override;
  at::Tensor forward(const at::Tensor& x);
  at::Tensor forward_native(const at::Tensor& x);  // in the weight's type
  at::Tensor forward_without_bias(const at::Tensor& x);

  at::Tensor weight, bias;
  bool keep_float = false;  // linears_to_bf16() passes it by

 private:
  ops::PackedWeight packed_;
};

// Over the last axis, in float32.
struct LayerNormImpl : Layer {
  LayerNormImpl(std::int64_t width, double eps);
  void init() override;
  at::Tensor forward(const at::Tensor& x);

  at::Tensor weight, bias;
  double eps;
};

// 2-D convolution, padded so that with stride 1 the map keeps its size; `groups` as in LibTorch.
struct ConvImpl : Layer {
  ConvImpl(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t groups = 1);
  void init() override;
  at::Tensor forward(const at::Tensor& map_nchw);

  at::Tensor weight, bias;
  std::int64_t groups, stride = 1, dilation = 1;
};

// Linear -> GELU (erf) -> Linear.
struct MlpImpl : torch::nn::Module {
  MlpImpl(std::int64_t in, std::int64_t hidden, std::int64_t out);
  at::Tensor forward(const at::Tensor& x);

  std::shared_ptr<LinearImpl> fc1, fc2;
};

// Multi-head self-attention, scale head_dim^-1/2.
struct AttentionImpl : torch::nn::Module {
  AttentionImpl(std::int64_t dim, std::int64_t heads);

  // x [B, L, D]. key_bias (may be undefined) [B, L] is added to the logits of every query.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& key_bias);
  // x [B, T, N, D]: each of the N positions attends to its T counterparts. The sequences are so
  // short that products of elements beat matrix products (PERF 3.3).
  at::Tensor forward_over_frames(const at::Tensor& x_btnd);

  std::shared_ptr<LinearImpl> qkv, proj;
  std::int64_t heads;
};

struct BlockOptions {
  std::int64_t dim = 0, heads = 0;
  double mlp_ratio = 4;
  double ln_eps = 1e-6;
  bool post_norm = false;   // x = LN(x + f(x)) instead of x + f(LN(x))
  bool skip_norm1 = false;  // pre-norm without the first LayerNorm (METHOD 5.3)
};

// A transformer block as in METHOD 4.1.
struct BlockImpl : torch::nn::Module {
  explicit BlockImpl(const BlockOptions& options);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& key_bias = {});
  at::Tensor forward_over_frames(const at::Tensor& x_btnd);

  std::shared_ptr<LayerNormImpl> norm1, norm2;  // norm1 is null where it is skipped
  std::shared_ptr<AttentionImpl> attn;
  std::shared_ptr<MlpImpl> mlp;
  bool post_norm;

 private:
  at::Tensor finish(const at::Tensor& x, const at::Tensor& attended);
};

// Blocks named 0, 1, ...
struct BlocksImpl : torch::nn::Module {
  // `skip_first`: the first block goes without its first LayerNorm.
  BlocksImpl(int depth, BlockOptions options, bool skip_first = false);
  // key_bias acts in the first block alone. `position` (may be undefined) [L, D] is added to x
  // before the first block, with position_again before every block.
  at::Tensor forward(at::Tensor x, const at::Tensor& key_bias = {}, const at::Tensor& position = {},
                     bool position_again = false);
  at::Tensor forward_over_frames(at::Tensor x_btnd);

  std::vector<std::shared_ptr<BlockImpl>> blocks;
};

// [n, N, C] <-> [n, C, h, w] without copying (the map is channels-last in memory).
at::Tensor tokens_to_map(const at::Tensor& tokens, std::int64_t h, std::int64_t w);
at::Tensor map_to_tokens(const at::Tensor& map_nchw);

// Every LinearImpl of and below `module` to bfloat16, but for those that keep float32.
void linears_to_bf16(torch::nn::Module& module);

}  // namespace vremd::model
