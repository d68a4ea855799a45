// SPDX-License-Identifier: Apache-2.0

// One block per heatmap: a strided scan and a block reduction find the peak, then a few threads
// blur its surroundings. Only kDark blurs the whole map, for the maximum.

#include "ops/heatmap_decode.h"

#include "check.h"
#include "ops/heatmap_refine.h"

#include <cmath>

namespace vremd::ops {
namespace {

constexpr int kThreads = 128;
constexpr int kReach = 2;  // pixels around the peak that a step may read
constexpr int kSide = 2 * kReach + 1;

struct Peak {
  float value;
  int index;
};

__device__ Peak better(Peak a, Peak b) {
  if (b.value > a.value) return b;
  if (b.value == a.value && b.index < a.index) return b;
  return a;
}

// The best of all threads, in every thread.
__device__ Peak best_of_block(Peak own) {
  __shared__ Peak peaks[kThreads];
  peaks[threadIdx.x] = own;
  __syncthreads();
  for (unsigned step = kThreads / 2; step > 0; step /= 2) {
    if (threadIdx.x < step) {
      peaks[threadIdx.x] = better(peaks[threadIdx.x], peaks[threadIdx.x + step]);
    }
    __syncthreads();
  }
  const Peak best = peaks[0];
  __syncthreads();  // before the array is used again
  return best;
}

// The largest value of the map blurred with a zero border; `rows` holds the map blurred along x.
__device__ float blurred_maximum(const float* map, float* rows, int height, int width,
                                 const BlurKernel& kernel) {
  const int size = height * width;
  for (int i = threadIdx.x; i < size; i += kThreads) {
    rows[i] = static_cast<float>(blur_row(map, height, width, i / width, i % width, kernel, true));
  }
  __syncthreads();
  Peak top{-INFINITY, 0};
  for (int i = threadIdx.x; i < size; i += kThreads) {
    double sum = 0;
    for (int j = 0; j < kernel.size; ++j) {
      const int row = i / width + j - kernel.size / 2;
      if (row >= 0 && row < height) sum += kernel.weights[j] * rows[row * width + i % width];
    }
    if (sum > top.value) top.value = static_cast<float>(sum);
  }
  return best_of_block(top).value;
}

__global__ void heatmap_decode_kernel(HeatmapDecodeArgs args, BlurKernel kernel) {
  const int height = args.height, width = args.width, size = height * width;
  const float* map = args.heatmaps + static_cast<std::ptrdiff_t>(blockIdx.x) * size;

  Peak peak{-INFINITY, 0};  // NaN never wins
  for (int i = threadIdx.x; i < size; i += kThreads) {
    if (map[i] > peak.value) peak = Peak{map[i], i};
  }
  const int index = best_of_block(peak).index;
  const int x = index % width, y = index / width;
  const float value = map[index];

  // Uniform in the block, as barriers follow.
  const bool dark = args.decode == Decode::kDark && dark_applies(value, x, y, height, width);
  const bool dark_udp = args.decode == Decode::kDarkUdp;
  const int reach = dark ? 2 : 1, side = 2 * reach + 1;

  __shared__ double rows[kSide * (kMaxBlur + 2 * kReach)];  // blurred along x
  __shared__ double patch[kSide * kSide];                   // logarithms of the blurred map
  if (dark || dark_udp) {
    double gain = 1;
    if (dark) {
      float* scratch = args.blur_scratch + static_cast<std::ptrdiff_t>(blockIdx.x) * size;
      gain = static_cast<double>(value) / blurred_maximum(map, scratch, height, width, kernel);
    }
    const int first_row = y - reach - kernel.size / 2;
    for (int i = threadIdx.x; i < side * (kernel.size + 2 * reach); i += kThreads) {
      const int column = clamp_index(x - reach + i % side, width);
      rows[i] = blur_row(map, height, width, first_row + i / side, column, kernel, dark);
    }
    __syncthreads();
    const int t = threadIdx.x;
    if (t < side * side) {
      const int first = clamp_index(y - reach + t / side, height) - (y - reach);
      double sum = 0;
      for (int i = 0; i < kernel.size; ++i) {
        sum += kernel.weights[i] * rows[(first + i) * side + t % side];
      }
      patch[t] = dark ? dark_log(sum * gain) : dark_udp_log(sum);
    }
    __syncthreads();
  }

  if (threadIdx.x != 0) return;
  Step step;
  if (args.decode == Decode::kQuarter) step = quarter_step(map, x, y, height, width);
  if (dark) step = dark_step(patch + 12, 5);
  if (dark_udp) step = dark_udp_step(patch + 4, 3);
  float* point = args.points + 3 * static_cast<std::ptrdiff_t>(blockIdx.x);
  point[0] = static_cast<float>(x + step.x);
  point[1] = static_cast<float>(y + step.y);
  point[2] = value > 0 ? value : 0;
}

}  // namespace

void heatmap_decode_cuda(const HeatmapDecodeArgs& args, CUstream_st* stream) {
  if (args.count == 0) return;
  if (args.decode == Decode::kDark && !args.blur_scratch) {
    throw std::invalid_argument("heatmap_decode: dark needs blur_scratch");
  }
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(args.count);
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  VREMD_CUDA_CHECK(cudaLaunchKernelEx(&config, heatmap_decode_kernel, args, kernel_for(args)));
}

}  // namespace vremd::ops
