// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/linear.h"

#include <torch/nn/module.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::model {

// The layers of ViT, HKME, BMD and the heads. Constructors leave parameters uninitialised:
// weights.h reads them, or init() draws them.

// The device of new parameters, during the life of this object and on this thread: the CPU, or the
// meta device, which allocates nothing.
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

// A module that makes its children and parameters.
struct Module : torch::nn::Module {
  template <typename Child, typename... Args>
  std::shared_ptr<Child> add(const std::string& name, const Args&... args) {
    return register_module(name, std::make_shared<Child>(args...));
  }
  at::Tensor add_parameter(const std::string& name, at::IntArrayRef shape) {
    return register_parameter(name, empty_parameter(shape));
  }
};

// As timm's truncated normal: its cut at +-2 is a hundred sigma away (METHOD 5).
constexpr double kInitSigma = 0.02;

// init() sets the layer's own parameters to random values; children are initialised before.
struct Layer : Module {
  virtual void init() = 0;
};

// Calls init() of every Layer in `module`, children first.
void init_layers(torch::nn::Module& module);

// `weight` of this shape and `bias` [shape[0]]; the weight is drawn with `sigma`.
struct WeightedLayer : Layer {
  explicit WeightedLayer(std::initializer_list<std::int64_t> shape, double sigma = kInitSigma);
  void init() override;
  void to_bf16();

  at::Tensor weight, bias;

 private:
  double sigma_;
};

// Computes in float32 during its life although autocast is on for the device of `x`: coordinates,
// masks and the logits of DCA (METHOD 10.2).
class WithoutAutocast {
 public:
  explicit WithoutAutocast(const at::Tensor& x);
  ~WithoutAutocast();
  WithoutAutocast(const WithoutAutocast&) = delete;
  WithoutAutocast& operator=(const WithoutAutocast&) = delete;

 private:
  at::DeviceType device_;
  bool before_;
};

// bfloat16 and float16 -> float32; float32 and float64 are unchanged.
at::Tensor widened(const at::Tensor& x);

// y = x W^T + b. The input is cast to the weight's type; forward() widens the result.
struct LinearImpl : WeightedLayer {
  LinearImpl(std::int64_t in, std::int64_t out) : WeightedLayer({out, in}) {}
  at::Tensor forward(const at::Tensor& x);
  at::Tensor forward_native(const at::Tensor& x);  // in the weight's type
  at::Tensor forward_without_bias(const at::Tensor& x);

  bool keep_float = false;  // linears_to_bf16() and autocast skip it

 private:
  ops::PackedWeight packed_;
};

// Over the last axis, in float32.
struct LayerNormImpl : WeightedLayer {
  LayerNormImpl(std::int64_t width, double eps_in) : WeightedLayer({width}), eps(eps_in) {}
  void init() override;
  at::Tensor forward(const at::Tensor& x);

  double eps;
};

// 2-D convolution; with stride 1 the padding keeps the size. `groups` as in LibTorch.
struct ConvImpl : WeightedLayer {
  ConvImpl(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t groups = 1,
           double sigma = kInitSigma);
  at::Tensor forward(const at::Tensor& map_nchw);

  std::int64_t groups, stride = 1, dilation = 1;
};

// Linear -> GELU (erf) -> Linear.
struct MlpImpl : Module {
  MlpImpl(std::int64_t in, std::int64_t hidden, std::int64_t out);
  at::Tensor forward(const at::Tensor& x);

  std::shared_ptr<LinearImpl> fc1, fc2;
};

// softmax(q k^T / sqrt(d) + key_bias) v on [B, h, L, d]; key_bias [B, L], optional, is added to the
// logits of every query.
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const at::Tensor& key_bias = {});

// Multi-head self-attention, scale head_dim^-1/2.
struct AttentionImpl : Module {
  AttentionImpl(std::int64_t dim, std::int64_t heads);

  // x [B, L, D]. key_bias [B, L], optional, is added to the logits of every query.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& key_bias);
  // x [B, T, N, D]: each of the N positions attends over the T frames. For such short sequences
  // elementwise products are faster than matrix products (METHOD 11.2).
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
struct BlockImpl : Module {
  explicit BlockImpl(const BlockOptions& options);
  // x [B, L, D], or [B, T, N, D] with attention over the frames.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& key_bias = {});

  std::shared_ptr<LayerNormImpl> norm1, norm2;  // norm1 may be null (skip_norm1)
  std::shared_ptr<AttentionImpl> attn;
  std::shared_ptr<MlpImpl> mlp;
  bool post_norm;
};

// Blocks named 0, 1, ...
struct BlocksImpl : Module {
  // `skip_first`: the first block has no norm1.
  BlocksImpl(int depth, BlockOptions options, bool skip_first = false);
  // x as for a block. key_bias applies to the first block only. `position` [L, D], optional, is
  // added to x before the first block, with position_again before every block.
  at::Tensor forward(at::Tensor x, const at::Tensor& key_bias = {}, const at::Tensor& position = {},
                     bool position_again = false);

  std::vector<std::shared_ptr<BlockImpl>> blocks;
};

// [n, N, C] <-> [n, C, h, w] without copying (the map is channels-last in memory).
at::Tensor tokens_to_map(const at::Tensor& tokens, std::int64_t h, std::int64_t w);
at::Tensor map_to_tokens(const at::Tensor& map_nchw);

// Converts every LinearImpl in `module` without keep_float to bfloat16.
void linears_to_bf16(torch::nn::Module& module);

}  // namespace vremd::model
