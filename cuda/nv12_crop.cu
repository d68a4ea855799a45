// SPDX-License-Identifier: Apache-2.0

// One thread per pixel of a crop, for its three channels. A tap is one load of luma and one of a
// pair of chroma, converted in registers; what neighbouring threads share comes from the L1 cache.
// Products and sums are spelled out (__fmul_rn, __fadd_rn), because nvcc would contract them to
// fused multiply-adds, and the crops would no longer be those of the CPU.
//
// Launch: grid (count, ceil(height width / 256)), 256 threads, no shared memory. nvcc 13.0.88 for
// sm_80 and sm_90: 48 registers, no spills, so 5 blocks fit on a multiprocessor (-Xptxas -v).
//
// Bytes of a crop of 256 x 192: 589,824 are written, once, in full lines. The taps of a thread load
// 12 bytes (NV12) or 24 (16-bit samples), 590 kB or 1.2 MB per crop, mostly from L1. The floor is
// each sample under the crop once, 1.5 or 3 bytes per source pixel: for a region of 256 x 192
// pixels 74 or 147 kB, so 0.66 or 0.74 MB with the stores. A picture that is displayed transposed
// is read along its columns: then a warp touches one sector per thread, and the next rows of the
// crop use the rest of it. The kernel has not run on a GPU yet: time and traffic are not measured.

#include "ops/nv12_crop.h"

#include "check.h"

#include <cmath>
#include <cstddef>

namespace vremd::ops {
namespace {

constexpr int kThreads = 256;

struct Colour {
  float r, g, b;
};

// (column, row) of the displayed picture, width x height; 0 outside of it.
__device__ Colour tap(const Nv12Surface& surface, int width, int height, int column, int row) {
  if (row < 0 || column < 0 || row >= height || column >= width) return {0, 0, 0};
  if (surface.orientation.flip_x) column = width - 1 - column;
  if (surface.orientation.flip_y) row = height - 1 - row;
  const int x = surface.orientation.transposed ? row : column;
  const int y = surface.orientation.transposed ? column : row;
  const std::uint8_t* luma = surface.luma + static_cast<std::ptrdiff_t>(y) * surface.luma_pitch;
  const std::uint8_t* chroma =
      surface.chroma + static_cast<std::ptrdiff_t>(y >> 1) * surface.chroma_pitch;
  int value, u, v;  // of the samples
  if (surface.depth == 8) {
    const unsigned pair = __ldg(reinterpret_cast<const std::uint16_t*>(chroma) + (x >> 1));
    value = __ldg(luma + x);
    u = static_cast<int>(pair & 0xff);
    v = static_cast<int>(pair >> 8);
  } else {
    const int unused = 16 - surface.depth;
    const unsigned pair = __ldg(reinterpret_cast<const std::uint32_t*>(chroma) + (x >> 1));
    value = __ldg(reinterpret_cast<const std::uint16_t*>(luma) + x) >> unused;
    u = static_cast<int>((pair & 0xffff) >> unused);
    v = static_cast<int>(pair >> 16 >> unused);
  }
  const RgbValues rgb =
      rgb_of_yuv(value, u - surface.factors.grey, v - surface.factors.grey, surface.factors);
  return {static_cast<float>(rgb.red), static_cast<float>(rgb.green), static_cast<float>(rgb.blue)};
}

__device__ float mix(float a, float b, float weight) {
  return __fadd_rn(a, __fmul_rn(weight, __fsub_rn(b, a)));
}

__device__ Colour mix(Colour a, Colour b, float weight) {
  return {mix(a.r, b.r, weight), mix(a.g, b.g, weight), mix(a.b, b.b, weight)};
}

// The source point in double, as in the reference.
__device__ Colour sample(const Nv12Surface& surface, double x, double y) {
  const bool transposed = surface.orientation.transposed;
  const int width = transposed ? surface.height : surface.width;
  const int height = transposed ? surface.width : surface.height;
  if (!(x > -1 && y > -1 && x < width && y < height)) return {0, 0, 0};
  const double left = floor(x), top = floor(y);
  const int column = static_cast<int>(left), row = static_cast<int>(top);
  const float wx = static_cast<float>(x - left), wy = static_cast<float>(y - top);
  return mix(mix(tap(surface, width, height, column, row),
                 tap(surface, width, height, column + 1, row), wx),
             mix(tap(surface, width, height, column, row + 1),
                 tap(surface, width, height, column + 1, row + 1), wx),
             wy);
}

__global__ void nv12_crop_kernel(Nv12CropArgs args) {
  const int plane = args.height * args.width;
  const int pixel = blockIdx.y * kThreads + threadIdx.x;
  if (pixel >= plane) return;
  const int n = blockIdx.x;
  const int u = pixel % args.width, v = pixel / args.width;
  const float* m = args.crop_to_frame + 6 * static_cast<std::ptrdiff_t>(n);
  const double x = (static_cast<double>(m[1]) * v + m[2]) + static_cast<double>(m[0]) * u;
  const double y = (static_cast<double>(m[4]) * v + m[5]) + static_cast<double>(m[3]) * u;
  const Nv12Surface surface = args.surfaces[n];  // read once: fewer loads than for each tap
  const Colour colour = sample(surface, x, y);

  const auto normalised = [&](float value, int c) {
    return __fadd_rn(__fmul_rn(value, args.scale[c]), args.bias[c]);
  };
  float* crop = args.crops + 3 * static_cast<std::ptrdiff_t>(n) * plane + pixel;
  crop[args.swap ? 2 * plane : 0] = normalised(colour.r, 0);
  crop[plane] = normalised(colour.g, 1);
  crop[args.swap ? 0 : 2 * plane] = normalised(colour.b, 2);
}

}  // namespace

void nv12_crop_cuda(const Nv12CropArgs& args, CUstream_st* stream) {
  if (args.count == 0) return;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(args.count, (args.height * args.width + kThreads - 1) / kThreads);
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  VREMD_CUDA_CHECK(cudaLaunchKernelEx(&config, nv12_crop_kernel, args));
}

}  // namespace vremd::ops
