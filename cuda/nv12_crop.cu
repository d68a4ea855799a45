// SPDX-License-Identifier: Apache-2.0

// A tap is one load of luma and one of a pair of chroma, converted in registers.
//
// nvcc 13.0.88 for sm_80 and sm_90: 48 registers, no spills (-Xptxas -v).
//
// Bytes of a crop of 256 x 192: 589,824 are written, once, in full lines. The taps of a thread load
// 12 bytes (NV12) or 24 (16-bit samples), 590 kB or 1.2 MB per crop, mostly from L1. The floor is
// each sample under the crop once, 1.5 or 3 bytes per source pixel: for a region of 256 x 192
// pixels 74 or 147 kB, so 0.66 or 0.74 MB with the stores. A picture that is displayed transposed
// is read along its columns: then a warp touches one sector per thread, and the next rows of the
// crop use the rest of it. The kernel has not run on a GPU yet: time and traffic are not measured.

#include "ops/nv12_crop.h"

#include "affine_crop.h"

namespace vremd::ops {
namespace {

// As it is displayed.
struct Nv12Picture {
  Nv12Surface surface;  // read once: fewer loads than for each tap

  __device__ int width() const {
    return surface.orientation.transposed ? surface.height : surface.width;
  }
  __device__ int height() const {
    return surface.orientation.transposed ? surface.width : surface.height;
  }
  __device__ Colour tap(int column, int row) const {
    if (surface.orientation.flip_x) column = width() - 1 - column;
    if (surface.orientation.flip_y) row = height() - 1 - row;
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
    const YuvFactors& factors = surface.factors;
    const RgbValues rgb = rgb_of_yuv(value, u - factors.grey, v - factors.grey, factors);
    return {static_cast<float>(rgb.red), static_cast<float>(rgb.green),
            static_cast<float>(rgb.blue)};
  }
};

}  // namespace

__device__ static auto picture_of(const Nv12CropArgs& args, int n) {
  return Nv12Picture{args.surfaces[n]};
}

void nv12_crop_cuda(const Nv12CropArgs& args, CUstream_st* stream) {
  launch_affine_crop(args, stream);
}

}  // namespace vremd::ops
