// SPDX-License-Identifier: Apache-2.0

// One warp per query and head: its lanes are channels, so each corner of a sample is one cache
// line. The softmax is computed online, and only the result is written. Warps of a block are
// neighbouring queries of one head, so their samples overlap in L1.

#include "ops/dca_attention.h"

#include "check.h"
#include "ops/bilinear.h"

#include <cmath>
#include <cstddef>
#include <stdexcept>

namespace vremd::ops {
namespace {

constexpr int kThreads = 128;
constexpr int kWarp = 32;

// The sum over the lanes, in every lane, in a fixed order.
__device__ float warp_sum(float value) {
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, step);
  }
  return value;
}

// kPerLane channels of the head in each lane: lane, lane + 32, ...
template <int kPerLane>
__global__ void dca_attention_kernel(DcaAttentionArgs args) {
  const int lane = threadIdx.x % kWarp;
  const std::ptrdiff_t index = static_cast<std::ptrdiff_t>(blockIdx.x) * (kThreads / kWarp) +
                               threadIdx.x / kWarp;  // item, head, query
  if (index >= static_cast<std::ptrdiff_t>(args.batch) * args.heads * args.queries) return;
  const int query = static_cast<int>(index % args.queries);
  const int head = static_cast<int>(index / args.queries % args.heads);
  const std::ptrdiff_t item = index / args.queries / args.heads;

  const int d = args.channels / args.heads, of_a_group = args.channels / args.groups;
  const std::ptrdiff_t own = (item * args.queries + query) * args.channels + head * d;
  const std::ptrdiff_t map = item * args.height * args.width * args.channels + head * d;
  const float* places =
      args.location + 2 * (item * args.queries + query) * args.groups * args.points;
  const float scale = 1 / sqrtf(static_cast<float>(d));

  float q[kPerLane], sum[kPerLane];
  for (int i = 0; i < kPerLane; ++i) {
    const int c = lane + kWarp * i;
    q[i] = c < d ? args.q[own + c] * scale : 0;
    sum[i] = 0;
  }
  float largest = -INFINITY, total = 0;
  for (int p = 0; p < args.points; ++p) {
    float v[kPerLane];
    float logit = 0;
    int group = -1;  // of `corners`
    BilinearCorners<float> corners{};
    for (int i = 0; i < kPerLane; ++i) {
      const int c = lane + kWarp * i;
      v[i] = 0;
      if (c >= d) continue;
      if (group != (head * d + c) / of_a_group) {
        group = (head * d + c) / of_a_group;
        const float* place = places + 2 * (static_cast<std::ptrdiff_t>(group) * args.points + p);
        corners = bilinear_corners(place[0], place[1], args.height, args.width, args.zeros);
      }
      float k = 0;
      for (int corner = 0; corner < 4; ++corner) {
        if (corners.cell[corner] < 0) continue;
        const std::ptrdiff_t at =
            map + static_cast<std::ptrdiff_t>(corners.cell[corner]) * args.channels + c;
        k += corners.share[corner] * __ldg(args.k + at);
        v[i] += corners.share[corner] * __ldg(args.v + at);
      }
      logit += q[i] * k;
    }
    logit = warp_sum(logit);
    const float before = largest;
    largest = fmaxf(largest, logit);
    const float shrink = expf(before - largest), weight = expf(logit - largest);
    total = total * shrink + weight;
    for (int i = 0; i < kPerLane; ++i) sum[i] = sum[i] * shrink + weight * v[i];
  }
  for (int i = 0; i < kPerLane; ++i) {
    const int c = lane + kWarp * i;
    if (c < d) args.out[own + c] = sum[i] / total;
  }
}

template <int kPerLane>
void launch(const DcaAttentionArgs& args, CUstream_st* stream) {
  const std::ptrdiff_t warps = static_cast<std::ptrdiff_t>(args.batch) * args.heads * args.queries;
  constexpr int kWarps = kThreads / kWarp;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>((warps + kWarps - 1) / kWarps));
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  VREMD_CUDA_CHECK(cudaLaunchKernelEx(&config, dca_attention_kernel<kPerLane>, args));
}

}  // namespace

void dca_attention_cuda(const DcaAttentionArgs& args, CUstream_st* stream) {
  if (args.batch == 0 || args.queries == 0) return;
  const int d = args.channels / args.heads;
  if (d <= kWarp) return launch<1>(args, stream);      // S, movenet
  if (d <= 2 * kWarp) return launch<2>(args, stream);  // B, L
  if (d <= 3 * kWarp) return launch<3>(args, stream);  // H
  if (d <= kMaxDcaHeadChannels) return launch<kMaxDcaHeadChannels / kWarp>(args, stream);
  throw std::invalid_argument("dca_attention: a head has more than 256 channels");
}

}  // namespace vremd::ops
