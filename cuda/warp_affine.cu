// SPDX-License-Identifier: Apache-2.0

// One thread per pixel of a crop, for its three channels: the taps are adjacent in the picture, the
// stores are adjacent to those of the next thread.

#include "ops/warp_affine.h"

#include "check.h"

#include <cmath>

namespace vremd::ops {
namespace {

constexpr int kThreads = 256;

struct Colour {
  float r, g, b;
};

// 0 outside the picture.
__device__ Colour tap(const std::uint8_t* picture, int width, int height, int stride, int row,
                      int column) {
  if (row < 0 || column < 0 || row >= height || column >= width) return {0, 0, 0};
  const std::uint8_t* pixel = picture + static_cast<std::ptrdiff_t>(row) * stride + 3 * column;
  return {static_cast<float>(__ldg(pixel)), static_cast<float>(__ldg(pixel + 1)),
          static_cast<float>(__ldg(pixel + 2))};
}

__device__ float mix(float a, float b, float weight) { return a + weight * (b - a); }

__device__ Colour mix(Colour a, Colour b, float weight) {
  return {mix(a.r, b.r, weight), mix(a.g, b.g, weight), mix(a.b, b.b, weight)};
}

// The source point in double, as in the reference.
__device__ Colour sample(const std::uint8_t* picture, const int* size, double x, double y) {
  const int width = size[0], height = size[1], stride = size[2];
  if (!(x > -1 && y > -1 && x < width && y < height)) return {0, 0, 0};
  const double left = floor(x), top = floor(y);
  const int column = static_cast<int>(left), row = static_cast<int>(top);
  const float wx = static_cast<float>(x - left), wy = static_cast<float>(y - top);
  return mix(mix(tap(picture, width, height, stride, row, column),
                 tap(picture, width, height, stride, row, column + 1), wx),
             mix(tap(picture, width, height, stride, row + 1, column),
                 tap(picture, width, height, stride, row + 1, column + 1), wx),
             wy);
}

__global__ void warp_affine_kernel(WarpAffineArgs args) {
  const int plane = args.height * args.width;
  const int pixel = blockIdx.y * kThreads + threadIdx.x;
  if (pixel >= plane) return;
  const int n = blockIdx.x;
  const int u = pixel % args.width, v = pixel / args.width;
  const float* m = args.crop_to_frame + 6 * static_cast<std::ptrdiff_t>(n);
  const double x = (static_cast<double>(m[1]) * v + m[2]) + static_cast<double>(m[0]) * u;
  const double y = (static_cast<double>(m[4]) * v + m[5]) + static_cast<double>(m[3]) * u;
  const Colour colour =
      sample(args.pictures[n], args.sizes + 3 * static_cast<std::ptrdiff_t>(n), x, y);

  float* crop = args.crops + 3 * static_cast<std::ptrdiff_t>(n) * plane + pixel;
  crop[args.swap ? 2 * plane : 0] = colour.r * args.scale[0] + args.bias[0];
  crop[plane] = colour.g * args.scale[1] + args.bias[1];
  crop[args.swap ? 0 : 2 * plane] = colour.b * args.scale[2] + args.bias[2];
}

}  // namespace

void warp_affine_cuda(const WarpAffineArgs& args, CUstream_st* stream) {
  if (args.count == 0) return;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(args.count, (args.height * args.width + kThreads - 1) / kThreads);
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  VREMD_CUDA_CHECK(cudaLaunchKernelEx(&config, warp_affine_kernel, args));
}

}  // namespace vremd::ops
