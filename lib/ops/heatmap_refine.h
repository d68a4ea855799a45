// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sub-pixel arithmetic of heatmap_decode (METHOD 2.2), shared by the CPU and cuda/. In double:
// only a few values around the peak are needed, and with a nearly singular Hessian the devices must
// agree.

#include "ops/heatmap_decode.h"

#include <cmath>
#include <cstddef>
#include <stdexcept>

#ifdef __CUDACC__
#define VREMD_HOST_DEVICE __host__ __device__
#else
#define VREMD_HOST_DEVICE
#endif

namespace vremd::ops {

constexpr int kMaxBlur = 31;  // largest kernel size

struct BlurKernel {
  int size = 1;  // odd
  double weights[kMaxBlur] = {1};
};

// Gaussian whose sigma follows OpenCV's rule for its size; the weights sum to 1.
inline BlurKernel kernel_for(const HeatmapDecodeArgs& args) {
  BlurKernel kernel;
  if (args.decode != Decode::kDark && args.decode != Decode::kDarkUdp) return kernel;
  if (args.blur < 1 || args.blur > kMaxBlur || args.blur % 2 == 0) {
    throw std::invalid_argument("heatmap_decode: the size of the blur must be odd and below 32");
  }
  kernel.size = args.blur;
  const double sigma = 0.3 * ((kernel.size - 1) * 0.5 - 1) + 0.8;
  double sum = 0;
  for (int i = 0; i < kernel.size; ++i) {
    const int d = i - kernel.size / 2;
    sum += kernel.weights[i] = std::exp(-d * d / (2 * sigma * sigma));
  }
  for (int i = 0; i < kernel.size; ++i) kernel.weights[i] /= sum;
  return kernel;
}

// Mirrored without the edge pixel: -1 -> 1, n -> n - 2 (OpenCV's reflect-101).
VREMD_HOST_DEVICE inline int reflect_101(int i, int n) {
  if (n == 1) return 0;
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * n - 2 - i;
  return i;
}

VREMD_HOST_DEVICE inline int clamp_index(int i, int n) { return i < 0 ? 0 : (i < n ? i : n - 1); }

// Row y of the map blurred along x, at x. Outside the map: zeros or the mirror image.
VREMD_HOST_DEVICE inline double blur_row(const float* map, int height, int width, int y, int x,
                                         const BlurKernel& kernel, bool zero_border) {
  if (zero_border && (y < 0 || y >= height)) return 0;
  const float* row = map + static_cast<std::ptrdiff_t>(reflect_101(y, height)) * width;
  double sum = 0;
  for (int i = 0; i < kernel.size; ++i) {
    const int column = x + i - kernel.size / 2;
    if (column >= 0 && column < width) {
      sum += kernel.weights[i] * row[column];
    } else if (!zero_border) {
      sum += kernel.weights[i] * row[reflect_101(column, width)];
    }
  }
  return sum;
}

struct Step {
  double x = 0, y = 0;
};

VREMD_HOST_DEVICE inline double quarter(float before, float after) {
  return after > before ? 0.25 : (after < before ? -0.25 : 0);
}

// A quarter pixel towards the larger neighbour on each axis.
VREMD_HOST_DEVICE inline Step quarter_step(const float* map, int x, int y, int height, int width) {
  if (!(x > 1 && x < width - 1 && y > 1 && y < height - 1)) return {};
  const float* at = map + static_cast<std::ptrdiff_t>(y) * width + x;
  return {quarter(at[-1], at[1]), quarter(at[-width], at[width])};
}

// kDark rescales the blurred map to the old maximum and needs two pixels around the peak.
VREMD_HOST_DEVICE inline bool dark_applies(float value, int x, int y, int height, int width) {
  return value > 0 && x > 1 && x < width - 2 && y > 1 && y < height - 2;
}

// Input of the steps. NaN is kept: newton_step() rejects it.
VREMD_HOST_DEVICE inline double dark_log(double value) {
  return log(value < 1e-10 ? 1e-10 : value);
}
VREMD_HOST_DEVICE inline double dark_udp_log(double value) {
  return log(value < 1e-3 ? 1e-3 : (value > 50 ? 50 : value));
}

// -H^-1 g; zero if it is not finite.
VREMD_HOST_DEVICE inline Step newton_step(double dx, double dy, double dxx, double dxy,
                                          double dyy) {
  const double det = dxx * dyy - dxy * dxy;
  const Step step{-(dyy * dx - dxy * dy) / det, -(dxx * dy - dxy * dx) / det};
  const bool finite = step.x - step.x == 0 && step.y - step.y == 0;
  return finite ? step : Step{};
}

// `at` points to the peak in a patch of logarithms, rows `pitch` apart. Needs two pixels around.
VREMD_HOST_DEVICE inline Step dark_step(const double* at, int pitch) {
  const double dx = 0.5 * (at[1] - at[-1]);
  const double dy = 0.5 * (at[pitch] - at[-pitch]);
  const double dxx = 0.25 * (at[2] - 2 * at[0] + at[-2]);
  const double dyy = 0.25 * (at[2 * pitch] - 2 * at[0] + at[-2 * pitch]);
  const double dxy = 0.25 * (at[pitch + 1] - at[pitch - 1] - at[1 - pitch] + at[-pitch - 1]);
  return newton_step(dx, dy, dxx, dxy, dyy);
}

// The same with unit steps; needs one pixel around.
VREMD_HOST_DEVICE inline Step dark_udp_step(const double* at, int pitch) {
  constexpr double kEpsilon = 1.1920928955078125e-07;  // of float, as the sources have it
  const double dx = 0.5 * (at[1] - at[-1]);
  const double dy = 0.5 * (at[pitch] - at[-pitch]);
  const double dxx = at[1] - 2 * at[0] + at[-1];
  const double dyy = at[pitch] - 2 * at[0] + at[-pitch];
  const double dxy =
      0.5 * (at[pitch + 1] - at[1] - at[pitch] + 2 * at[0] - at[-1] - at[-pitch] + at[-pitch - 1]);
  return newton_step(dx, dy, dxx + kEpsilon, dxy, dyy + kEpsilon);
}

}  // namespace vremd::ops
