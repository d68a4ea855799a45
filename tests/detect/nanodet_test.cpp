// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>  // before Catch2: both define CHECK
#undef CHECK

#include "core/error.h"
#include "detect/nanodet.h"
#include "io/safetensors.h"
#include "temporary_folder.h"

#include <c10/core/InferenceMode.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::detect;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using Catch::Matchers::WithinAbs;

namespace {

// BGR stripes, parabolas and a chequerboard, in integers.
at::Tensor synthetic_picture(int height, int width) {
  constexpr float kMean[3] = {103.53F, 116.28F, 123.675F}, kStd[3] = {57.375F, 57.12F, 58.395F};
  at::Tensor picture = at::empty({1, 3, height, width});
  auto values = picture.accessor<float, 4>();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int bgr[3] = {(x * 7 + y * 3) % 256, (x * x / 16 + y * 5) % 256,
                          (x / 32 + y / 32) % 2 * 200 + 20};
      for (int c = 0; c < 3; ++c) {
        values[0][c][y][x] = (static_cast<float>(bgr[c]) - kMean[c]) / kStd[c];
      }
    }
  }
  return picture;
}

Nanodet shipped(at::ScalarType type = at::kFloat) {
  return Nanodet(io::SafetensorsFile(io::find_weights("nanodet-g")), at::kCPU, type);
}

double probability(const at::Tensor& logit) { return logit.sigmoid().item().toDouble(); }

}  // namespace

TEST_CASE("nanodet matches the TensorFlow.js graph") {
  // From the original graph, evaluated operation by operation: the cell with the highest person
  // score, its scores of person and the last class, the mean person score, its first and last bin.
  struct Expected {
    int row, column;
    double person, last_class, mean, first_bin, last_bin;
  };
  constexpr Expected kExpected[3] = {
      {44, 2, 0.052761, 0.008308, 0.010718, 0.11810, -0.23788},
      {4, 23, 0.056931, 0.024715, 0.016126, -0.25516, -1.38500},
      {5, 5, 0.112242, 0.025884, 0.021289, -3.74409, -1.91685},
  };
  const c10::InferenceMode guard;
  const auto maps = shipped().forward(synthetic_picture(416, 416));
  for (std::size_t i = 0; i < maps.size(); ++i) {
    CAPTURE(kStrides[i]);
    const std::int64_t side = 416 / kStrides[i];
    REQUIRE(maps[i].sizes() == at::IntArrayRef({1, 124, side, side}));
    const at::Tensor map = maps[i][0];
    const Expected& expected = kExpected[i];
    const auto best = map[0].argmax().item().toLong();
    CHECK(best / side == expected.row);
    CHECK(best % side == expected.column);
    const auto at = [&](int channel) { return map[channel][expected.row][expected.column]; };
    CHECK_THAT(probability(at(0)), WithinAbs(expected.person, 2e-5));
    CHECK_THAT(probability(at(79)), WithinAbs(expected.last_class, 2e-5));
    CHECK_THAT(map[0].sigmoid().mean().item().toDouble(), WithinAbs(expected.mean, 2e-5));
    CHECK_THAT(at(80).item().toDouble(), WithinAbs(expected.first_bin, 1e-4));
    CHECK_THAT(at(123).item().toDouble(), WithinAbs(expected.last_bin, 1e-4));
  }
}

TEST_CASE("nanodet accepts all multiples of 32") {
  const c10::InferenceMode guard;
  const Nanodet network = shipped();
  const auto maps = network.forward(synthetic_picture(96, 160));
  CHECK(maps[0].sizes() == at::IntArrayRef({1, 124, 12, 20}));
  CHECK(maps[1].sizes() == at::IntArrayRef({1, 124, 6, 10}));
  CHECK(maps[2].sizes() == at::IntArrayRef({1, 124, 3, 5}));
  CHECK_THROWS_AS(network.forward(at::zeros({1, 3, 100, 160})), Error);
  CHECK_THROWS_AS(network.forward(at::zeros({1, 1, 96, 160})), Error);
  CHECK_THROWS_AS(network.forward(at::zeros({0, 3, 96, 160})), Error);
}

TEST_CASE("nanodet in bfloat16 is close") {
  const c10::InferenceMode guard;
  const at::Tensor picture = synthetic_picture(160, 160);
  const auto exact = shipped().forward(picture);
  const auto rounded = shipped(at::kBFloat16).forward(picture.to(at::kBFloat16));
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const at::Tensor difference = rounded[i].to(at::kFloat).sub(exact[i]);
    const double nmse =
        difference.square().sum().item().toDouble() / exact[i].square().sum().item().toDouble();
    CHECK(nmse < 1e-3);
    CHECK(nmse > 0);
  }
}

TEST_CASE("other weights than nanodet's are rejected") {
  const io::SafetensorsFile original(io::find_weights("nanodet-g"));
  auto tensors = original.tensors();
  const TemporaryFolder folder;
  const std::string path = folder / "nanodet.safetensors";
  std::string expected;
  SECTION("a tensor is missing") {
    tensors.erase("neck.lateral_16.bias");
    expected = "no tensor neck.lateral_16.bias";
  }
  SECTION("a tensor has another shape") {
    tensors["neck.lateral_16.weight"].shape = {128, 256};
    expected = "tensor neck.lateral_16.weight is [128, 256], not [128, 256, 1, 1]";
  }
  SECTION("a tensor too many") {
    tensors["neck.lateral_64.bias"] = tensors["neck.lateral_32.bias"];
    expected = "neck.lateral_64.bias is not a tensor of nanodet-g";
  }
  io::write_safetensors(path, tensors, original.metadata());
  CHECK_THROWS_MATCHES(Nanodet(io::SafetensorsFile(path), at::kCPU, at::kFloat), Error,
                       MessageMatches(ContainsSubstring(expected)));
}
