// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"

#include "ops/linear.h"

#include <ATen/Parallel.h>

#include <string>
#include <thread>
#include <vector>

using namespace vremd;
using namespace vremd::ops;

namespace {

struct Layer {
  at::Tensor w, b;
  PackedWeight packed;

  Layer(std::int64_t in, std::int64_t out) {
    w = at::randn({out, in});
    b = at::randn({out});
  }
  at::Tensor operator()(const at::Tensor& x) { return linear(x, w, b, packed); }
  at::Tensor expected(const at::Tensor& x) const {
    return at::linear(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble));
  }
};

double nmse(const at::Tensor& got, const at::Tensor& expected) {
  const at::Tensor difference = got.to(at::kDouble) - expected;
  return (difference * difference).sum().item<double>() /
         (expected * expected).sum().item<double>();
}

}  // namespace

TEST_CASE("linear multiplies by packed weights", "[ops]") {
  at::manual_seed(1);
  Layer layer(70, 33);
  for (const auto& shape :
       std::vector<std::vector<std::int64_t>>{{70}, {1, 70}, {5, 70}, {2, 3, 70}, {2, 1, 7, 70}}) {
    const at::Tensor x = at::randn(shape);
    const at::Tensor y = layer(x);
    CAPTURE(shape);
    CHECK(y.sizes() == layer.expected(x).sizes());
    CHECK(nmse(y, layer.expected(x)) < 1e-12);
  }
  CHECK(layer(at::zeros({0, 70})).sizes() == at::IntArrayRef({0, 33}));
  CHECK_THROWS_AS(layer(at::randn({5, 71})), c10::Error);
}

TEST_CASE("linear accepts non-contiguous inputs, and no bias", "[ops]") {
  at::manual_seed(2);
  Layer layer(16, 24);
  const at::Tensor x = at::randn({16, 9}).t();
  CHECK(nmse(layer(x), layer.expected(x)) < 1e-12);
  layer.b = at::zeros({24});
  CHECK(nmse(linear(x, layer.w, at::Tensor(), layer.packed), layer.expected(x)) < 1e-12);
  CHECK(nmse(linear(x, layer.w, at::Tensor()), layer.expected(x)) < 1e-12);
}

TEST_CASE("linear works in bfloat16", "[ops]") {
  at::manual_seed(3);
  Layer layer(64, 48);
  layer.w = layer.w.to(at::kBFloat16);
  layer.b = layer.b.to(at::kBFloat16);
  const at::Tensor x = at::randn({10, 64}).to(at::kBFloat16);
  CHECK(layer(x).scalar_type() == at::kBFloat16);
  CHECK(nmse(layer(x), layer.expected(x)) < 1e-4);
}

TEST_CASE("linear detects changes of the weight", "[ops]") {
  at::manual_seed(4);
  Layer layer(32, 32);
  const at::Tensor x = at::randn({4, 32});
  layer(x);
  layer.w.mul_(2);  // in place
  CHECK(nmse(layer(x), layer.expected(x)) < 1e-12);
  layer.w.set_data(at::randn({32, 32}));
  CHECK(nmse(layer(x), layer.expected(x)) < 1e-12);
  for (int i = 0; i < 5; ++i) {  // a new weight, perhaps at the same address
    layer.w = at::Tensor();
    layer.w = at::randn({32, 32});
    CHECK(nmse(layer(x), layer.expected(x)) < 1e-12);
  }
  layer.w.set_data(layer.w.to(at::kBFloat16));
  layer.b = layer.b.to(at::kBFloat16);
  CHECK(nmse(layer(x.to(at::kBFloat16)), layer.expected(x)) < 1e-4);
}

TEST_CASE("linear has gradients", "[ops]") {
  at::manual_seed(5);
  Layer layer(8, 6);
  layer.w.requires_grad_();
  const at::Tensor x = at::randn({3, 8}).requires_grad_();
  layer(x).sum().backward();
  CHECK(layer.w.grad().defined());
  CHECK(at::allclose(x.grad(), layer.w.detach().sum(0).expand({3, 8})));
  const at::NoGradGuard guard;
  CHECK_FALSE(layer(x).requires_grad());
}

TEST_CASE("linear is bit-equal in all threads and for any number of rows", "[ops]") {
  at::manual_seed(6);
  const c10::InferenceMode guard;
  const at::Tensor x = at::randn({768, 96});
  Layer layer(96, 80);
  at::set_num_threads(1);
  PackedWeight own;
  const at::Tensor expected = linear(x, layer.w, layer.b, own);
  std::vector<at::Tensor> got(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < got.size(); ++i) {
    threads.emplace_back([&, i] {
      const c10::InferenceMode inference;
      at::set_num_threads(1);
      for (int turn = 0; turn < 20; ++turn) got[i] = layer(x);  // the first one packs
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& one : got) CHECK(at::equal(one, expected));
  if (std::string(linear_implementation()) != "onednn") return;  // MKL's depend on the rows
  for (const int rows : {1, 3, 15, 100}) {
    CAPTURE(rows);
    CHECK(at::equal(layer(x.narrow(0, 0, rows)), expected.narrow(0, 0, rows)));
  }
}
