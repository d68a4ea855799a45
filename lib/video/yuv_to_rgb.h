// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/yuv.h"

#include <cstddef>
#include <cstdint>

namespace vremd::video {

// A planar picture, 8 to 16 bits (above 8: two bytes, native order).
struct YuvPicture {
  const std::uint8_t* planes[3] = {};  // gray: the last two are null
  std::ptrdiff_t strides[3] = {};      // bytes, may be negative
  int width = 0, height = 0;
  int depth = 8;                               // bits
  int chroma_shift_x = 0, chroma_shift_y = 0;  // log2 of luma samples per chroma sample
  YuvMatrix matrix = kBt601;
  bool full_range = false;
};

// Writes height x width x 3 bytes. Chroma is not interpolated; results are rounded exactly and the
// same on every machine. (swscale is as fast only for 8-bit 4:2:0 of even height, else ten times
// slower.)
void yuv_to_rgb(const YuvPicture& picture, std::uint8_t* rgb);

}  // namespace vremd::video
