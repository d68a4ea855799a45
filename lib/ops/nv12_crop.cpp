// SPDX-License-Identifier: Apache-2.0
#include "ops/nv12_crop.h"

#include "core/error.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace vremd::ops {
namespace {

static_assert(std::endian::native == std::endian::little);

struct Colour {
  float red = 0, green = 0, blue = 0;
};

int read_sample(const std::uint8_t* row, int index, int depth) {
  if (depth == 8) return row[index];
  std::uint16_t sample;
  std::memcpy(&sample, row + std::ptrdiff_t{2} * index, sizeof sample);
  return sample >> (16 - depth);
}

// (x, y) as stored
Colour stored_pixel(const Nv12Surface& surface, int x, int y) {
  const std::uint8_t* luma = surface.luma + std::ptrdiff_t{y} * surface.luma_pitch;
  const std::uint8_t* chroma = surface.chroma + std::ptrdiff_t{y / 2} * surface.chroma_pitch;
  const int pair = x / 2 * 2;
  const RgbValues rgb = rgb_of_yuv(
      read_sample(luma, x, surface.depth),
      read_sample(chroma, pair, surface.depth) - surface.factors.grey,
      read_sample(chroma, pair + 1, surface.depth) - surface.factors.grey, surface.factors);
  return {static_cast<float>(rgb.red), static_cast<float>(rgb.green), static_cast<float>(rgb.blue)};
}

float mix(float a, float b, float weight) { return a + weight * (b - a); }

Colour mix(Colour a, Colour b, float weight) {
  return {mix(a.red, b.red, weight), mix(a.green, b.green, weight), mix(a.blue, b.blue, weight)};
}

// (x, y) as displayed; any point, including NaN.
Colour sample(const Nv12Surface& surface, double x, double y) {
  const Orientation how = surface.orientation;
  const int width = how.transposed ? surface.height : surface.width;
  const int height = how.transposed ? surface.width : surface.height;
  if (!(x > -1 && y > -1 && x < width && y < height)) return {};
  const int column = static_cast<int>(std::floor(x)), row = static_cast<int>(std::floor(y));
  const auto tap = [&](int c, int r) -> Colour {
    if (c < 0 || r < 0 || c >= width || r >= height) return {};
    if (how.flip_x) c = width - 1 - c;
    if (how.flip_y) r = height - 1 - r;
    if (how.transposed) std::swap(c, r);
    return stored_pixel(surface, c, r);
  };
  const float wx = static_cast<float>(x - column), wy = static_cast<float>(y - row);
  return mix(mix(tap(column, row), tap(column + 1, row), wx),
             mix(tap(column, row + 1), tap(column + 1, row + 1), wx), wy);
}

}  // namespace

void check_nv12_surface(const Nv12Surface& surface) {
  if (!surface.luma || !surface.chroma || surface.width < 1 || surface.height < 1) {
    fail("nv12_crop: no picture, {} x {} pixels", surface.width, surface.height);
  }
  if (surface.depth < 8 || surface.depth > 16) fail("nv12_crop: {} bits", surface.depth);
  if (surface.factors.grey != 1 << (surface.depth - 1)) {
    fail("nv12_crop: {} bits with the factors of another depth", surface.depth);
  }
  const int bytes = surface.depth > 8 ? 2 : 1;
  const auto check = [&](const char* name, const std::uint8_t* plane, std::ptrdiff_t pitch,
                         std::ptrdiff_t row, int alignment) {
    if (pitch < row) fail("nv12_crop: {} rows of {} bytes, {} apart", name, row, pitch);
    if (pitch % alignment || reinterpret_cast<std::uintptr_t>(plane) % alignment) {
      fail("nv12_crop: {} is not aligned to {} bytes", name, alignment);
    }
  };
  const std::ptrdiff_t width = surface.width;
  check("luma", surface.luma, surface.luma_pitch, width * bytes, bytes);
  check("chroma", surface.chroma, surface.chroma_pitch, (width + 1) / 2 * 2 * bytes, 2 * bytes);
}

void nv12_crop_cpu(const Nv12CropArgs& args) {
  const std::size_t plane = static_cast<std::size_t>(args.height) * args.width;
  for (int n = 0; n < args.count; ++n) {
    const Nv12Surface& surface = args.surfaces[n];
    check_nv12_surface(surface);
    const float* m = args.crop_to_frame + 6 * static_cast<std::ptrdiff_t>(n);
    float* crop = args.crops + 3 * plane * n;
    float* red = crop + (args.swap ? 2 * plane : 0);
    float* green = crop + plane;
    float* blue = crop + (args.swap ? 0 : 2 * plane);
    std::size_t pixel = 0;
    for (int v = 0; v < args.height; ++v) {
      // As in warp_affine: the products are exact in double.
      const double x0 = static_cast<double>(m[1]) * v + m[2];
      const double y0 = static_cast<double>(m[4]) * v + m[5];
      for (int u = 0; u < args.width; ++u, ++pixel) {
        const Colour colour =
            sample(surface, x0 + static_cast<double>(m[0]) * u, y0 + static_cast<double>(m[3]) * u);
        red[pixel] = colour.red * args.scale[0] + args.bias[0];
        green[pixel] = colour.green * args.scale[1] + args.bias[1];
        blue[pixel] = colour.blue * args.scale[2] + args.bias[2];
      }
    }
  }
}

}  // namespace vremd::ops
