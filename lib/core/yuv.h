// SPDX-License-Identifier: Apache-2.0
#pragma once

// YCbCr -> RGB in integers, shared by lib/video, lib/ops and cuda/, whose results have to be equal.

#include <cmath>
#include <cstdint>

#ifdef __CUDACC__
#define VREMD_HOST_DEVICE __host__ __device__
#else
#define VREMD_HOST_DEVICE
#endif

namespace vremd {

// The luma weights of red and blue, which define a YCbCr matrix.
struct YuvMatrix {
  double red, blue;
  constexpr bool operator==(const YuvMatrix& other) const {
    return red == other.red && blue == other.blue;
  }
};
constexpr YuvMatrix kBt601{0.299, 0.114}, kBt709{0.2126, 0.0722}, kBt2020{0.2627, 0.0593},
    kFcc{0.30, 0.11}, kSmpte240{0.212, 0.087};

constexpr int kYuvFraction = 20;  // bits; 16-bit samples still fit in 32 bits with their factors

// r = (luma (y - black) + red_v v) / 2^kYuvFraction, and so on, with u and v around zero.
struct YuvFactors {
  std::int32_t black = 0, grey = 0;
  std::int32_t luma = 0, red_v = 0, green_u = 0, green_v = 0, blue_u = 0;
};

// depth: bits of a sample, 8 to 16
inline YuvFactors yuv_factors(const YuvMatrix& matrix, int depth, bool full_range) {
  const double scale = std::exp2(depth - 8);
  const double top = std::exp2(depth) - 1;
  const double luma_range = full_range ? top : 219 * scale;
  const double chroma_range = full_range ? top : 224 * scale;
  const double red = matrix.red, blue = matrix.blue, green = 1 - red - blue;
  const auto fixed = [](double factor) {
    return static_cast<std::int32_t>(std::lround(factor * (1 << kYuvFraction)));
  };
  YuvFactors factors;
  factors.black = full_range ? 0 : 16 << (depth - 8);
  factors.grey = 1 << (depth - 1);
  factors.luma = fixed(255 / luma_range);
  factors.red_v = fixed(2 * (1 - red) * 255 / chroma_range);
  factors.blue_u = fixed(2 * (1 - blue) * 255 / chroma_range);
  factors.green_u = fixed(-2 * (1 - blue) * blue / green * 255 / chroma_range);
  factors.green_v = fixed(-2 * (1 - red) * red / green * 255 / chroma_range);
  return factors;
}

VREMD_HOST_DEVICE inline std::int32_t clamp_to_byte(std::int32_t value) {
  return value < 0 ? 0 : (value > 255 ? 255 : value);
}

struct RgbValues {
  std::int32_t red, green, blue;  // 0...255
};

// One pixel, rounded exactly; u and v without their grey.
VREMD_HOST_DEVICE inline RgbValues rgb_of_yuv(std::int32_t y, std::int32_t u, std::int32_t v,
                                              const YuvFactors& factors) {
  const std::int32_t luma =
      (y - factors.black) * factors.luma + (1 << (kYuvFraction - 1));  // rounds
  const std::int32_t red = (luma + factors.red_v * v) >> kYuvFraction;
  const std::int32_t green = (luma + factors.green_u * u + factors.green_v * v) >> kYuvFraction;
  const std::int32_t blue = (luma + factors.blue_u * u) >> kYuvFraction;
  return {clamp_to_byte(red), clamp_to_byte(green), clamp_to_byte(blue)};
}

}  // namespace vremd
