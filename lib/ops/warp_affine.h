// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

struct CUstream_st;  // cudaStream_t points to this; no CUDA header is needed here

namespace vremd::ops {

// Extracts `count` crops of pictures and normalises them: uint8 HWC -> float CHW.
//
// For output pixel (u, v) of crop n the source point is
//   x = m[0] u + m[1] v + m[2],  y = m[3] u + m[4] v + m[5],   m = crop_to_frame + 6 n,
// sampled bilinearly between pixel centres in float (no fixed-point weights), 0 outside the
// picture. Then, with the channel c of RGB,
//   crops[n][swap ? 2 - c : c][v][u] = (value * scale[c]) + bias[c]      (value is 0...255)
// METHOD 1.3, 1.4.
struct WarpAffineArgs {
  const std::uint8_t* const* pictures = nullptr;  // count pointers: RGB, height x stride bytes
  const int* sizes = nullptr;                     // count x 3: width, height, stride in bytes
  const float* crop_to_frame = nullptr;           // count x 6
  float* crops = nullptr;                         // count x 3 x height x width
  int count = 0, height = 0, width = 0;
  float scale[3] = {1, 1, 1};
  float bias[3] = {0, 0, 0};
  bool swap = false;  // write BGR
};

void warp_affine_cpu(const WarpAffineArgs& args);  // the reference

// cuda/warp_affine.cu, in CUDA builds only. All pointers are device memory.
void warp_affine_cuda(const WarpAffineArgs& args, CUstream_st* stream);

}  // namespace vremd::ops
