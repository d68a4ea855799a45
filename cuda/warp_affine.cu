// SPDX-License-Identifier: Apache-2.0

// The taps are adjacent in the picture, the stores are adjacent to those of the next thread.

#include "ops/warp_affine.h"

#include "affine_crop.h"

#include <cstdint>

namespace vremd::ops {
namespace {

struct RgbPicture {
  const std::uint8_t* pixels;
  const int* size;  // width, height, stride in bytes

  __device__ int width() const { return size[0]; }
  __device__ int height() const { return size[1]; }
  __device__ Colour tap(int column, int row) const {
    const std::uint8_t* pixel = pixels + static_cast<std::ptrdiff_t>(row) * size[2] + 3 * column;
    return {static_cast<float>(__ldg(pixel)), static_cast<float>(__ldg(pixel + 1)),
            static_cast<float>(__ldg(pixel + 2))};
  }
};

}  // namespace

__device__ static auto picture_of(const WarpAffineArgs& args, int n) {
  return RgbPicture{args.pictures[n], args.sizes + 3 * static_cast<std::ptrdiff_t>(n)};
}

void warp_affine_cuda(const WarpAffineArgs& args, CUstream_st* stream) {
  launch_affine_crop(args, stream);
}

}  // namespace vremd::ops
