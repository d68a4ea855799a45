// SPDX-License-Identifier: Apache-2.0
#include "ops/warp_affine.h"

#include "compare.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace vremd;
using namespace vremd::ops;

namespace {

struct Picture {
  int width, height, stride;
  std::vector<std::uint8_t> bytes;

  Picture(int w, int h, int padding = 0) : width(w), height(h), stride(3 * w + padding) {
    std::mt19937 engine(7);
    bytes.resize(static_cast<std::size_t>(stride) * h);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(engine());
  }
  double at(int x, int y, int c) const {
    const bool outside = x < 0 || y < 0 || x >= width || y >= height;
    return outside ? 0 : bytes[static_cast<std::size_t>(y) * stride + 3 * x + c];
  }
};

std::vector<float> warp(const Picture& picture, const std::vector<float>& map, int height,
                        int width, WarpAffineArgs args = {}) {
  const std::uint8_t* pictures[] = {picture.bytes.data()};
  const int sizes[] = {picture.width, picture.height, picture.stride};
  std::vector<float> crop(static_cast<std::size_t>(3) * height * width,
                          std::numeric_limits<float>::quiet_NaN());
  args.pictures = pictures;
  args.sizes = sizes;
  args.crop_to_frame = map.data();
  args.crops = crop.data();
  args.count = 1;
  args.height = height;
  args.width = width;
  warp_affine_cpu(args);
  return crop;
}

// The specification, in double.
std::vector<float> expected_warp(const Picture& picture, const std::vector<float>& m, int height,
                                 int width) {
  std::vector<float> crop;
  for (int c = 0; c < 3; ++c) {
    for (int v = 0; v < height; ++v) {
      for (int u = 0; u < width; ++u) {
        const double x = double{m[0]} * u + double{m[1]} * v + m[2];
        const double y = double{m[3]} * u + double{m[4]} * v + m[5];
        const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
        const double a = x - left, b = y - top;
        crop.push_back(static_cast<float>((1 - a) * (1 - b) * picture.at(left, top, c) +
                                          a * (1 - b) * picture.at(left + 1, top, c) +
                                          (1 - a) * b * picture.at(left, top + 1, c) +
                                          a * b * picture.at(left + 1, top + 1, c)));
      }
    }
  }
  return crop;
}

}  // namespace

TEST_CASE("warp_affine copies under the identity", "[ops]") {
  const Picture picture(5, 4, 3);
  const auto crop = warp(picture, {1, 0, 0, 0, 1, 0}, 4, 5);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 4; ++y) {
      for (int x = 0; x < 5; ++x) CHECK(crop[(c * 4 + y) * 5 + x] == picture.at(x, y, c));
    }
  }
}

TEST_CASE("warp_affine samples between pixels and takes 0 outside", "[ops]") {
  Picture picture(2, 1);
  picture.bytes = {10, 20, 30, 50, 60, 70};
  // x = u / 2 - 1: outside, half outside, left pixel, between, right pixel, half, outside
  const auto crop = warp(picture, {0.5f, 0, -1, 0, 1, 0}, 1, 7);
  const std::vector<float> red(crop.begin(), crop.begin() + 7);
  CHECK(red == std::vector<float>{0, 5, 10, 30, 50, 25, 0});
}

TEST_CASE("warp_affine scales, adds and swaps the channels", "[ops]") {
  Picture picture(1, 1);
  picture.bytes = {100, 150, 200};
  WarpAffineArgs args;
  for (int c = 0; c < 3; ++c) {
    args.scale[c] = 0.5f * static_cast<float>(c + 1);
    args.bias[c] = -static_cast<float>(c);
  }
  CHECK(warp(picture, {1, 0, 0, 0, 1, 0}, 1, 1, args) == std::vector<float>{50, 149, 298});
  args.swap = true;
  CHECK(warp(picture, {1, 0, 0, 0, 1, 0}, 1, 1, args) == std::vector<float>{298, 149, 50});
  // Outside the picture the value is 0 before normalisation.
  CHECK(warp(picture, {1, 0, 9, 0, 1, 0}, 1, 1, args) == std::vector<float>{-2, -1, 0});
}

TEST_CASE("warp_affine follows its formula for any map", "[ops]") {
  const auto [width, height, padding] =
      GENERATE(table<int, int, int>({{1, 1, 0}, {2, 2, 0}, {3, 2, 1}, {64, 37, 0}, {33, 65, 5}}));
  const Picture picture(width, height, padding);
  std::mt19937 engine(width);
  std::uniform_real_distribution<float> slope(-2.5f, 2.5f), start(-20, 60);
  for (int i = 0; i < 50; ++i) {
    const std::vector<float> map = {slope(engine), slope(engine), start(engine),
                                    slope(engine), slope(engine), start(engine)};
    CAPTURE(width, height, map);
    CHECK(nmse(warp(picture, map, 23, 31), expected_warp(picture, map, 23, 31)) <= 1e-12);
  }
}

TEST_CASE("warp_affine handles non-finite maps", "[ops]") {
  const Picture picture(4, 4);
  const float bad = GENERATE(std::numeric_limits<float>::quiet_NaN(),
                             std::numeric_limits<float>::infinity(), -1e30f, 1e30f);
  const auto crop = warp(picture, {1, 0, bad, 0, 1, 0}, 3, 3);
  CHECK(crop == std::vector<float>(27, 0.0f));
}
