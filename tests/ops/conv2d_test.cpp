// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"

#include "ops/conv2d.h"

#include <string>
#include <thread>
#include <vector>

using namespace vremd;
using namespace vremd::ops;

namespace {

struct Layer {
  ConvShape shape;
  Activation activation;
  at::Tensor w, b;
  PackedWeight packed;

  Layer(std::int64_t in, std::int64_t out, std::int64_t kernel, ConvShape shape_in,
        Activation activation_in = Activation::kNone)
      : shape(shape_in),
        activation(activation_in),
        w(at::randn({out, in / shape.groups, kernel, kernel})),
        b(at::randn({out})) {}
  at::Tensor operator()(const at::Tensor& x) { return conv2d(x, w, b, shape, activation, packed); }
  at::Tensor expected(const at::Tensor& x) const {
    const at::Tensor y = at::conv2d(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble),
                                    shape.stride, shape.padding, shape.dilation, shape.groups);
    switch (activation) {
      case Activation::kRelu: return y.clamp_min(0);
      case Activation::kRelu6: return y.clamp(0, 6);
      case Activation::kLeakyRelu: return at::where(y > 0, y, 0.1 * y);
      case Activation::kNone: break;
    }
    return y;
  }
};

double nmse(const at::Tensor& got, const at::Tensor& expected) {
  const at::Tensor difference = got.to(at::kDouble) - expected;
  return (difference * difference).sum().item<double>() /
         (expected * expected).sum().item<double>();
}

at::Tensor channels_last(const at::Tensor& x) {
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

TEST_CASE("conv2d convolves with packed weights, in any memory format", "[ops]") {
  at::manual_seed(1);
  const ConvShape shapes[] = {{.padding = 1},
                              {.stride = 2},
                              {.padding = 2, .dilation = 2},
                              {.padding = 1, .groups = 24},
                              {.stride = 2, .padding = 1, .groups = 3}};
  const at::Tensor x = at::randn({2, 24, 11, 14});
  for (const ConvShape& shape : shapes) {
    Layer layer(24, 24, 3, shape);
    CAPTURE(shape.stride, shape.padding, shape.dilation, shape.groups);
    const at::Tensor expected = layer.expected(x);
    CHECK(nmse(layer(x), expected) < 1e-12);
    const at::Tensor last = layer(channels_last(x));
    CHECK(nmse(last, expected) < 1e-12);
    CHECK(last.is_contiguous(at::MemoryFormat::ChannelsLast));
    const at::Tensor slice = channels_last(at::cat({x, x}, 1)).slice(1, 24);
    CHECK(nmse(layer(slice), expected) < 1e-12);
  }
}

TEST_CASE("conv2d applies an activation to its output", "[ops]") {
  at::manual_seed(2);
  const at::Tensor x = channels_last(at::randn({1, 16, 8, 8}) * 3);
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kLeakyRelu}) {
    Layer layer(16, 20, 1, {}, activation);
    CAPTURE(static_cast<int>(activation));
    CHECK(nmse(layer(x), layer.expected(x)) < 1e-12);
    CHECK(nmse(conv2d(x, layer.w, layer.b, layer.shape, activation), layer.expected(x)) < 1e-12);
    layer.b = at::zeros({20});
    CHECK(nmse(conv2d(x, layer.w, at::Tensor(), layer.shape, activation, layer.packed),
               layer.expected(x)) < 1e-12);
  }
}

TEST_CASE("conv2d works in bfloat16", "[ops]") {
  at::manual_seed(3);
  Layer layer(16, 16, 3, {.padding = 1}, Activation::kRelu6);
  layer.w = layer.w.to(at::kBFloat16);
  layer.b = layer.b.to(at::kBFloat16);
  const at::Tensor x = channels_last(at::randn({2, 16, 9, 9})).to(at::kBFloat16);
  CHECK(layer(x).scalar_type() == at::kBFloat16);
  CHECK(nmse(layer(x), layer.expected(x)) < 1e-4);
}

TEST_CASE("conv2d detects changes of the weight, and of the size of the input", "[ops]") {
  at::manual_seed(4);
  Layer layer(8, 8, 3, {.padding = 1});
  const at::Tensor x = channels_last(at::randn({1, 8, 12, 12}));
  layer(x);
  layer.w.mul_(2);
  CHECK(nmse(layer(x), layer.expected(x)) < 1e-12);
  layer.w.set_data(at::randn({8, 8, 3, 3}));
  CHECK(nmse(layer(x), layer.expected(x)) < 1e-12);
  for (const std::int64_t n : {3, 1, 8}) {
    const at::Tensor other = channels_last(at::randn({n, 8, 5 + n, 40}));
    CHECK(nmse(layer(other), layer.expected(other)) < 1e-12);
  }
  CHECK(layer(at::zeros({0, 8, 4, 4})).sizes() == at::IntArrayRef({0, 8, 4, 4}));
  CHECK_THROWS_AS(layer(at::randn({1, 9, 4, 4})), c10::Error);
}

TEST_CASE("conv2d has gradients", "[ops]") {
  at::manual_seed(5);
  Layer layer(4, 6, 1, {});
  layer.w.requires_grad_();
  const at::Tensor x = at::randn({2, 4, 3, 3}).requires_grad_();
  layer(x).sum().backward();
  CHECK(layer.w.grad().defined());
  CHECK(at::allclose(x.grad(), layer.w.detach().sum(0).view({1, 4, 1, 1}).expand({2, 4, 3, 3})));
  const at::NoGradGuard guard;
  CHECK_FALSE(layer(x).requires_grad());
}

TEST_CASE("conv2d is bit-equal in all threads", "[ops]") {
  at::manual_seed(6);
  const c10::InferenceMode guard;
  const at::Tensor x = channels_last(at::randn({2, 40, 16, 16}));
  Layer layer(40, 24, 3, {.padding = 1}, Activation::kRelu);
  PackedWeight own;
  const at::Tensor expected = conv2d(x, layer.w, layer.b, layer.shape, layer.activation, own);
  std::vector<at::Tensor> got(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < got.size(); ++i) {
    threads.emplace_back([&, i] {
      const c10::InferenceMode inference;
      for (int turn = 0; turn < 10; ++turn) got[i] = layer(x);  // the first one packs
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& one : got) CHECK(at::equal(one, expected));
}
