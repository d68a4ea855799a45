// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/orientation.h"
#include "core/yuv.h"

#include <cstdint>

struct CUstream_st;  // cudaStream_t points to this; no CUDA header is needed here

namespace vremd::ops {

// A decoded picture as NVDEC leaves it on the device: a plane of luma and, at half the resolution
// on both axes (rounded up), a plane of interleaved pairs, Cb first. NV12 has bytes; with more than
// 8 bits (P010, P012, P016) the bits are the high ones of little-endian 16-bit samples, and the
// other ones are ignored.
struct Nv12Surface {
  const std::uint8_t* luma = nullptr;    // height rows of width samples
  const std::uint8_t* chroma = nullptr;  // (height + 1) / 2 rows of (width + 1) / 2 pairs
  int luma_pitch = 0, chroma_pitch = 0;  // bytes from a row to the next
  int width = 0, height = 0;             // as stored, may be odd
  int depth = 8;                         // bits, 8 to 16
  Orientation orientation;               // of the display; the surface is stored without it
  YuvFactors factors;                    // yuv_factors(matrix, depth, full_range)
};

// Extracts `count` crops of surfaces and normalises them: YCbCr 4:2:0 -> float CHW.
//
// The contract is that of warp_affine (ops/warp_affine.h) for the displayed picture: crop_to_frame,
// bilinear samples, 0 outside the picture, scale, bias, swap. The taps are converted first, each to
// three rounded values of 8 bits by the arithmetic of yuv_to_rgb() (chroma is not interpolated),
// and then mixed. So crops are bit for bit those that warp_affine_cpu() takes from the whole
// picture after yuv_to_rgb() and its rotation, on the CPU and on the GPU: none of them contracts
// products and sums to fused multiply-adds.
//
// A mirrored crop: {-m[0], m[1], m[2] + m[0] (width - 1), -m[3], m[4], m[5] + m[3] (width - 1)}. A
// picture scaled by s as detectors take it: {1 / s, 0, 0.5 / s - 0.5, 0, 1 / s, 0.5 / s - 0.5};
// what is around it is 0. METHOD 1.3, 1.4, 11.6.
struct Nv12CropArgs {
  const Nv12Surface* surfaces = nullptr;  // count; crops of one picture repeat its surface
  const float* crop_to_frame = nullptr;   // count x 6, to pixels of the displayed picture
  float* crops = nullptr;                 // count x 3 x height x width
  int count = 0, height = 0, width = 0;
  float scale[3] = {1, 1, 1};
  float bias[3] = {0, 0, 0};
  bool swap = false;  // write BGR
};

// Error: no picture, a depth out of range, factors of another depth, a pitch below the length of a
// row, or a plane or pitch that is not aligned to its samples (chroma: to its pairs).
void check_nv12_surface(const Nv12Surface& surface);

void nv12_crop_cpu(const Nv12CropArgs& args);  // the reference; checks the surfaces

// cuda/nv12_crop.cu, in CUDA builds only. All pointers are device memory, also those in `surfaces`,
// so call check_nv12_surface() before the surfaces are uploaded.
void nv12_crop_cuda(const Nv12CropArgs& args, CUstream_st* stream);

}  // namespace vremd::ops
