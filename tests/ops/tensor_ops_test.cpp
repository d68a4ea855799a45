// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"

#include "core/error.h"
#include "ops/tensor_ops.h"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::ops;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

Frame frame_of(int width, int height, std::uint8_t value) {
  Frame frame;
  frame.width = width;
  frame.height = height;
  frame.rgb.assign(static_cast<std::size_t>(width) * height * 3, value);
  for (std::size_t i = 0; i < frame.rgb.size(); i += 3) frame.rgb[i] = 255;  // red
  return frame;
}

}  // namespace

TEST_CASE("warp_affine gives normalised crops of several frames", "[ops]") {
  const Frame first = frame_of(6, 4, 0), second = frame_of(3, 5, 51);
  const std::vector<CropRequest> requests = {{&first, {}}, {&second, {}}, {&first, {}}};
  const at::Tensor crops = warp_affine(requests, 2, 3, Normalisation{});
  CHECK(crops.sizes() == at::IntArrayRef({3, 3, 2, 3}));
  CHECK(crops.scalar_type() == at::kFloat);
  const Normalisation imagenet;
  const float values[3][3] = {{1, 0, 0}, {1, 0.2f, 0.2f}, {1, 0, 0}};
  for (int n = 0; n < 3; ++n) {
    for (int c = 0; c < 3; ++c) {
      const double expected = (values[n][c] - imagenet.mean[c]) / imagenet.std[c];
      CAPTURE(n, c);
      CHECK(at::allclose(crops[n][c], at::full({2, 3}, expected, at::kFloat), 1e-6, 1e-6));
    }
  }
}

TEST_CASE("warp_affine gives raw values and BGR on demand", "[ops]") {
  const Frame frame = frame_of(2, 2, 7);
  const std::vector<CropRequest> requests = {{&frame, {}}};
  Normalisation raw;
  raw.raw = true;
  CHECK(at::equal(warp_affine(requests, 1, 1, raw).flatten(), at::tensor({255.0f, 7.0f, 7.0f})));
  raw.bgr = true;
  CHECK(at::equal(warp_affine(requests, 1, 1, raw).flatten(), at::tensor({7.0f, 7.0f, 255.0f})));
}

TEST_CASE("warp_affine accepts no requests", "[ops]") {
  CHECK(warp_affine({}, 4, 5, {}).sizes() == at::IntArrayRef({0, 3, 4, 5}));
}

TEST_CASE("warp_affine rejects frames without pixels and unknown devices", "[ops]") {
  Frame frame = frame_of(2, 2, 0);
  frame.index = 812;
  const std::vector<CropRequest> requests = {{&frame, {}}};
  CHECK_THROWS_MATCHES(warp_affine(WarpAffineArgs{}, at::Device(at::kMeta)), Error,
                       MessageMatches(ContainsSubstring("device meta is not supported")));
  CHECK_THROWS_MATCHES(warp_affine(requests, 0, 2, {}), Error,
                       MessageMatches(ContainsSubstring("crops of 0 x 2 pixels")));
  frame.rgb.clear();
  CHECK_THROWS_MATCHES(warp_affine(requests, 2, 2, {}), Error,
                       MessageMatches(ContainsSubstring("frame 812 has 0 bytes")));
  const std::vector<CropRequest> none = {{nullptr, {}}};
  CHECK_THROWS_MATCHES(warp_affine(none, 2, 2, {}), Error,
                       MessageMatches(ContainsSubstring("crop 0 has no frame")));
}

#if !defined(VREMD_HAVE_CUDA) || !defined(VREMD_TORCH_CUDA)
TEST_CASE("warp_affine reports a build without CUDA", "[ops]") {
  CHECK_THROWS_MATCHES(warp_affine(WarpAffineArgs{}, at::Device(at::kCUDA, 0)), Error,
                       MessageMatches(ContainsSubstring("cuda:0: this build has no CUDA")));
}
#endif

TEST_CASE("heatmap_decode decodes tensors of any layout", "[ops]") {
  at::Tensor maps = at::zeros({2, 3, 8, 9});
  maps[1][2][5][4] = 0.5;
  const at::Tensor points = heatmap_decode(maps, Decode::kArgmax);
  CHECK(points.sizes() == at::IntArrayRef({2, 3, 3}));
  CHECK(at::equal(points[1][2], at::tensor({4.0f, 5.0f, 0.5f})));
  CHECK(at::equal(points[0], at::zeros({3, 3})));
  const at::Tensor channels_last = maps.contiguous(at::MemoryFormat::ChannelsLast);
  CHECK(at::equal(heatmap_decode(channels_last, Decode::kArgmax), points));
  CHECK(heatmap_decode(at::zeros({0, 3, 8, 9}), Decode::kDarkUdp).sizes() ==
        at::IntArrayRef({0, 3, 3}));
}

TEST_CASE("heatmap_decode rejects other tensors", "[ops]") {
  CHECK_THROWS_MATCHES(
      heatmap_decode(at::zeros({3, 8, 9}), Decode::kArgmax), Error,
      MessageMatches(ContainsSubstring("expected float32 [N, K, H, W], got Float [3, 8, 9]")));
  CHECK_THROWS_AS(heatmap_decode(at::zeros({1, 3, 8, 9}, at::kDouble), Decode::kArgmax), Error);
  CHECK_THROWS_AS(heatmap_decode(at::zeros({1, 3, 0, 9}), Decode::kArgmax), Error);
  CHECK_THROWS_AS(heatmap_decode(at::zeros({1, 3, 8, 9}), Decode::kDark, 12), Error);
  CHECK_THROWS_AS(heatmap_decode(at::empty({1, 3, 8, 9}, at::kMeta), Decode::kArgmax), Error);
}
