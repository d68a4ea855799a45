// SPDX-License-Identifier: Apache-2.0
#include "ops/warp_affine.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace vremd::ops {
namespace {

using Float4 = float __attribute__((vector_size(16)));  // R, G, B and an unused lane

struct Picture {
  const std::uint8_t* bytes;
  int width, height;
  std::ptrdiff_t stride;
};

// The source points of one row of the crop. In double the products are exact, so all devices have
// the same points, and u -> x is monotonic.
struct Line {
  double x0, dx, y0, dy;
  double x(int u) const { return x0 + dx * u; }
  double y(int u) const { return y0 + dy * u; }
};

Float4 mix(Float4 a, Float4 b, float weight) { return a + weight * (b - a); }

// Mixes two adjacent pixels; reads eight bytes. Widened through 16 bits as in SSE2 and NEON,
// because compilers turn a direct conversion into a loop over bytes.
Float4 mix_pair(const std::uint8_t* pixels, float weight) {
  using Bytes16 = std::uint8_t __attribute__((vector_size(16)));
  using Longs2 = std::uint64_t __attribute__((vector_size(16)));
  using Words8 = std::uint16_t __attribute__((vector_size(16)));
  using Ints4 = std::int32_t __attribute__((vector_size(16)));
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t eight;
  std::memcpy(&eight, pixels, 8);
  const Bytes16 bytes = reinterpret_cast<Bytes16>(Longs2{eight, 0});
  const Words8 words = reinterpret_cast<Words8>(__builtin_shufflevector(
      bytes, Bytes16{}, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  const auto first = __builtin_shufflevector(words, Words8{}, 0, 8, 1, 9, 2, 10, 3, 11);
  const auto shifted = __builtin_shufflevector(words, Words8{}, 3, 4, 5, 6, 7, 8, 8, 8);
  const auto second = __builtin_shufflevector(shifted, Words8{}, 0, 8, 1, 9, 2, 10, 3, 11);
  return mix(__builtin_convertvector(reinterpret_cast<Ints4>(first), Float4),
             __builtin_convertvector(reinterpret_cast<Ints4>(second), Float4), weight);
}

// All bytes that mix_pair() reads are in the picture.
bool inside(const Picture& picture, double x, double y) {
  return x >= 0 && y >= 0 && x < picture.width - 2 && y < picture.height - 1;
}

Float4 sample_inside(const Picture& picture, double x, double y) {
  const int column = static_cast<int>(x), row = static_cast<int>(y);
  const std::uint8_t* upper = picture.bytes + row * picture.stride + 3 * column;
  const std::uint8_t* lower = upper + picture.stride;
  const float wx = static_cast<float>(x - column), wy = static_cast<float>(y - row);
  return mix(mix_pair(upper, wx), mix_pair(lower, wx), wy);
}

// Any point, including NaN: taps outside the picture are 0.
Float4 sample_anywhere(const Picture& picture, double x, double y) {
  if (!(x > -1 && y > -1 && x < picture.width && y < picture.height)) return Float4{};
  const int column = static_cast<int>(std::floor(x)), row = static_cast<int>(std::floor(y));
  const auto value = [&](int r, int c) {
    if (r < 0 || c < 0 || r >= picture.height || c >= picture.width) return Float4{};
    const std::uint8_t* pixel = picture.bytes + r * picture.stride + 3 * c;
    return Float4{static_cast<float>(pixel[0]), static_cast<float>(pixel[1]),
                  static_cast<float>(pixel[2]), 0};
  };
  const float wx = static_cast<float>(x - column), wy = static_cast<float>(y - row);
  return mix(mix(value(row, column), value(row, column + 1), wx),
             mix(value(row + 1, column), value(row + 1, column + 1), wx), wy);
}

void warp_one(const WarpAffineArgs& args, const Picture& picture, const float* m, float* crop) {
  const std::size_t plane = static_cast<std::size_t>(args.height) * args.width;
  float* red = crop + (args.swap ? 2 * plane : 0);
  float* green = crop + plane;
  float* blue = crop + (args.swap ? 0 : 2 * plane);
  const Float4 scale{args.scale[0], args.scale[1], args.scale[2], 0};
  const Float4 bias{args.bias[0], args.bias[1], args.bias[2], 0};

  for (int v = 0; v < args.height; ++v) {
    const Line line{static_cast<double>(m[1]) * v + m[2], m[0],
                    static_cast<double>(m[4]) * v + m[5], m[3]};
    const auto put = [&](int u, Float4 value) {
      value = value * scale + bias;
      red[u] = value[0];
      green[u] = value[1];
      blue[u] = value[2];
    };
    // The inside points are contiguous, as the picture is convex.
    const auto is_inside = [&](int u) { return inside(picture, line.x(u), line.y(u)); };
    int first = 0, last = args.width;
    while (first < last && !is_inside(first)) ++first;
    while (last > first && !is_inside(last - 1)) --last;

    for (int u = 0; u < first; ++u) put(u, sample_anywhere(picture, line.x(u), line.y(u)));
    for (int u = first; u < last; ++u) put(u, sample_inside(picture, line.x(u), line.y(u)));
    for (int u = last; u < args.width; ++u) {
      put(u, sample_anywhere(picture, line.x(u), line.y(u)));
    }
    red += args.width;
    green += args.width;
    blue += args.width;
  }
}

}  // namespace

void warp_affine_cpu(const WarpAffineArgs& args) {
  for (int n = 0; n < args.count; ++n) {
    const int* size = args.sizes + 3 * n;
    warp_one(args, {args.pictures[n], size[0], size[1], size[2]}, args.crop_to_frame + 6 * n,
             args.crops + 3 * static_cast<std::size_t>(n) * args.height * args.width);
  }
}

}  // namespace vremd::ops
