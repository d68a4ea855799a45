// SPDX-License-Identifier: Apache-2.0
#include "video/yuv_to_rgb.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

using namespace vremd;
using namespace vremd::video;

namespace {

using Rgb = std::array<int, 3>;

// By the definition (ITU-R BT.601, BT.709, BT.2100), in double.
Rgb by_definition(double y, double u, double v, int depth, bool full, YuvMatrix matrix) {
  const double scale = std::exp2(depth - 8), top = std::exp2(depth) - 1;
  const double grey = std::exp2(depth - 1);
  const double luma = full ? y / top : (y - 16 * scale) / (219 * scale);
  const double cb = (u - grey) / (full ? top : 224 * scale);
  const double cr = (v - grey) / (full ? top : 224 * scale);
  const double red = luma + 2 * (1 - matrix.red) * cr;
  const double blue = luma + 2 * (1 - matrix.blue) * cb;
  const double green =
      (luma - matrix.red * red - matrix.blue * blue) / (1 - matrix.red - matrix.blue);
  const auto to_8_bits = [](double value) {
    return static_cast<int>(std::lround(std::clamp(value, 0.0, 1.0) * 255));
  };
  return {to_8_bits(red), to_8_bits(green), to_8_bits(blue)};
}

Rgb one_pixel(std::uint8_t y, std::uint8_t u, std::uint8_t v, bool full, YuvMatrix matrix) {
  YuvPicture picture;
  picture.planes[0] = &y;
  picture.planes[1] = &u;
  picture.planes[2] = &v;
  picture.width = picture.height = 1;
  picture.full_range = full;
  picture.matrix = matrix;
  std::uint8_t rgb[3];
  yuv_to_rgb(picture, rgb);
  return {rgb[0], rgb[1], rgb[2]};
}

}  // namespace

TEST_CASE("well-known colours") {
  CHECK(one_pixel(16, 128, 128, false, kBt601) == Rgb{0, 0, 0});
  CHECK(one_pixel(235, 128, 128, false, kBt709) == Rgb{255, 255, 255});
  CHECK(one_pixel(255, 128, 128, true, kBt601) == Rgb{255, 255, 255});
  CHECK(one_pixel(0, 128, 128, false, kBt601) == Rgb{0, 0, 0});     // below black
  CHECK(one_pixel(81, 90, 240, false, kBt601) == Rgb{254, 0, 0});   // red bar of BT.601
  CHECK(one_pixel(63, 102, 240, false, kBt709) == Rgb{255, 1, 0});  // red bar of BT.709
  CHECK(one_pixel(41, 240, 110, false, kBt601) == Rgb{0, 0, 255});
}

TEST_CASE("every depth, chroma and odd size is converted by definition") {
  const int depth = GENERATE(8, 10, 12, 16);
  const int shift_x = GENERATE(0, 1, 2), shift_y = GENERATE(0, 1);
  const bool full = GENERATE(false, true);
  const int width = GENERATE(1, 7, 33), height = GENERATE(1, 5);
  const YuvMatrix matrix = GENERATE(kBt601, kBt709, kBt2020);
  CAPTURE(depth, shift_x, shift_y, full, width, height, matrix.red);

  const int bytes = depth > 8 ? 2 : 1;
  const int chroma_width = (width + (1 << shift_x) - 1) >> shift_x;
  const int chroma_height = (height + (1 << shift_y) - 1) >> shift_y;
  std::mt19937 random(1);
  const auto plane = [&](int w, int h) {
    std::vector<std::uint8_t> samples(static_cast<std::size_t>(w) * h * bytes);
    for (int i = 0; i < w * h; ++i) {
      const auto value = static_cast<std::uint16_t>(random() & ((1u << depth) - 1));
      std::memcpy(samples.data() + static_cast<std::size_t>(i) * bytes, &value, bytes);
    }
    return samples;
  };
  const auto sample = [&](const std::vector<std::uint8_t>& samples, int i) {
    std::uint16_t value = 0;
    std::memcpy(&value, samples.data() + static_cast<std::size_t>(i) * bytes, bytes);
    return value;
  };
  const auto y = plane(width, height);
  const auto u = plane(chroma_width, chroma_height), v = plane(chroma_width, chroma_height);
  YuvPicture picture;
  picture.planes[0] = y.data();
  picture.planes[1] = u.data();
  picture.planes[2] = v.data();
  picture.strides[0] = width * bytes;
  picture.strides[1] = picture.strides[2] = chroma_width * bytes;
  picture.width = width;
  picture.height = height;
  picture.depth = depth;
  picture.chroma_shift_x = shift_x;
  picture.chroma_shift_y = shift_y;
  picture.matrix = matrix;
  picture.full_range = full;
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(width) * height * 3 + 1, 77);
  yuv_to_rgb(picture, rgb.data());
  CHECK(rgb.back() == 77);  // not written past the end

  int worst = 0;
  for (int row = 0; row < height; ++row) {
    for (int x = 0; x < width; ++x) {
      const int chroma = (row >> shift_y) * chroma_width + (x >> shift_x);
      const Rgb expected = by_definition(sample(y, row * width + x), sample(u, chroma),
                                         sample(v, chroma), depth, full, matrix);
      for (int c = 0; c < 3; ++c) {
        worst = std::max(worst, std::abs(expected[c] - rgb[(row * width + x) * 3 + c]));
      }
    }
  }
  CHECK(worst <= 1);  // a tie may round either way
}

TEST_CASE("gray, and rows from bottom to top") {
  const std::vector<std::uint8_t> gray{0, 16, 100, 235, 255, 50};
  YuvPicture picture;
  picture.planes[0] = gray.data();
  picture.strides[0] = 3;
  picture.width = 3;
  picture.height = 2;
  picture.full_range = true;
  std::vector<std::uint8_t> rgb(18);
  yuv_to_rgb(picture, rgb.data());
  for (int i = 0; i < 18; ++i) CHECK(rgb[i] == gray[i / 3]);

  picture.planes[0] = gray.data() + 3;
  picture.strides[0] = -3;
  picture.full_range = false;
  yuv_to_rgb(picture, rgb.data());
  CHECK(rgb[0] == 255);  // 235
  CHECK(rgb[3] == 255);  // 255
  CHECK(rgb[6] == 40);   // 50: 34 x 255 / 219 = 39.6
  CHECK(rgb[9] == 0);    // 0
  CHECK(rgb[15] == 98);  // 100: 84 x 255 / 219 = 97.8
}
