// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernels that crop have in common: one thread per pixel of a crop, for its three
// channels, grid (count, ceil(height width / 256)), 256 threads, no shared memory. What
// neighbouring threads share comes from the L1 cache.
//
// Products and sums are spelled out (__fmul_rn, __fadd_rn), because nvcc would contract them to
// fused multiply-adds, and the crops would no longer be those of the CPU.

#include "check.h"

#include <cmath>
#include <cstddef>

namespace vremd::ops {

struct Colour {
  float r, g, b;
};

__device__ inline float mix(float a, float b, float weight) {
  return __fadd_rn(a, __fmul_rn(weight, __fsub_rn(b, a)));
}

__device__ inline Colour mix(Colour a, Colour b, float weight) {
  return {mix(a.r, b.r, weight), mix(a.g, b.g, weight), mix(a.b, b.b, weight)};
}

// Picture: width(), height(), and tap(column, row) -> Colour inside of it.
template <typename Picture>
__device__ Colour tap(const Picture& picture, int column, int row) {
  const bool outside =
      row < 0 || column < 0 || row >= picture.height() || column >= picture.width();
  return outside ? Colour{0, 0, 0} : picture.tap(column, row);
}

// The source point in double, as in the reference.
template <typename Picture>
__device__ Colour sample(const Picture& picture, double x, double y) {
  if (!(x > -1 && y > -1 && x < picture.width() && y < picture.height())) return {0, 0, 0};
  const double left = floor(x), top = floor(y);
  const int column = static_cast<int>(left), row = static_cast<int>(top);
  const float wx = static_cast<float>(x - left), wy = static_cast<float>(y - top);
  return mix(mix(tap(picture, column, row), tap(picture, column + 1, row), wx),
             mix(tap(picture, column, row + 1), tap(picture, column + 1, row + 1), wx), wy);
}

constexpr int kCropThreads = 256;

// Args: as WarpAffineArgs; picture_of(args, n) is the picture of crop n.
template <typename Args>
__global__ void affine_crop_kernel(Args args) {
  const int plane = args.height * args.width;
  const int pixel = blockIdx.y * kCropThreads + threadIdx.x;
  if (pixel >= plane) return;
  const int n = blockIdx.x;
  const int u = pixel % args.width, v = pixel / args.width;
  const float* m = args.crop_to_frame + 6 * static_cast<std::ptrdiff_t>(n);
  const double x = (static_cast<double>(m[1]) * v + m[2]) + static_cast<double>(m[0]) * u;
  const double y = (static_cast<double>(m[4]) * v + m[5]) + static_cast<double>(m[3]) * u;
  const Colour colour = sample(picture_of(args, n), x, y);

  const auto normalised = [&](float value, int c) {
    return __fadd_rn(__fmul_rn(value, args.scale[c]), args.bias[c]);
  };
  float* crop = args.crops + 3 * static_cast<std::ptrdiff_t>(n) * plane + pixel;
  crop[args.swap ? 2 * plane : 0] = normalised(colour.r, 0);
  crop[plane] = normalised(colour.g, 1);
  crop[args.swap ? 0 : 2 * plane] = normalised(colour.b, 2);
}

template <typename Args>
void launch_affine_crop(const Args& args, cudaStream_t stream) {
  if (args.count == 0) return;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(args.count, (args.height * args.width + kCropThreads - 1) / kCropThreads);
  config.blockDim = dim3(kCropThreads);
  config.stream = stream;
  VREMD_CUDA_CHECK(cudaLaunchKernelEx(&config, affine_crop_kernel<Args>, args));
}

}  // namespace vremd::ops
