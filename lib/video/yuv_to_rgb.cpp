// SPDX-License-Identifier: Apache-2.0
#include "video/yuv_to_rgb.h"

#include <bit>
#include <cstring>
#include <vector>

// Loops that the compiler vectorises, also for AVX2, which is selected at run time: by a function
// that a program calls before a sanitizer is ready for it.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define VREMD_VECTOR_LOOP __attribute__((target_clones("avx2", "default")))
#else
#define VREMD_VECTOR_LOOP
#endif

namespace vremd::video {
namespace {

static_assert(std::endian::native == std::endian::little);

template <typename Sample>
inline void widen(const Sample* __restrict from, int count, int shift, std::int32_t grey,
                  std::int16_t* __restrict to) {
  if (shift == 1) {
    for (int i = 0; i < count / 2; ++i) {
      const auto value = static_cast<std::int16_t>(from[i] - grey);
      to[2 * i] = value;
      to[2 * i + 1] = value;
    }
    if (count % 2) to[count - 1] = static_cast<std::int16_t>(from[count / 2] - grey);
  } else if (shift == 0) {
    for (int x = 0; x < count; ++x) to[x] = static_cast<std::int16_t>(from[x] - grey);
  } else {
    for (int x = 0; x < count; ++x) to[x] = static_cast<std::int16_t>(from[x >> shift] - grey);
  }
}

// One word per pixel, red in the lowest byte.
template <typename Sample>
inline void convert_row(const Sample* __restrict y, const std::int16_t* __restrict u,
                        const std::int16_t* __restrict v, int count, YuvFactors factors,
                        std::uint32_t* __restrict to) {
  for (int x = 0; x < count; ++x) {
    const RgbValues rgb = rgb_of_yuv(y[x], u[x], v[x], factors);
    to[x] = static_cast<std::uint32_t>(rgb.red | rgb.green << 8 | rgb.blue << 16);
  }
}

VREMD_VECTOR_LOOP
void widen_8(const std::uint8_t* from, int count, int shift, std::int32_t grey, std::int16_t* to) {
  widen(from, count, shift, grey, to);
}
VREMD_VECTOR_LOOP
void widen_16(const std::uint16_t* from, int count, int shift, std::int32_t grey,
              std::int16_t* to) {
  widen(from, count, shift, grey, to);
}
VREMD_VECTOR_LOOP
void convert_row_8(const std::uint8_t* y, const std::int16_t* u, const std::int16_t* v, int count,
                   YuvFactors factors, std::uint32_t* to) {
  convert_row(y, u, v, count, factors, to);
}
VREMD_VECTOR_LOOP
void convert_row_16(const std::uint16_t* y, const std::int16_t* u, const std::int16_t* v, int count,
                    YuvFactors factors, std::uint32_t* to) {
  convert_row(y, u, v, count, factors, to);
}

// Drops the unused byte of each pixel: eight pixels are three words.
void pack_row(const std::uint32_t* from, int count, std::uint8_t* to) {
  int x = 0;
  for (; x + 8 <= count; x += 8, from += 8, to += 24) {
    const std::uint64_t words[3] = {
        from[0] | std::uint64_t{from[1]} << 24 | std::uint64_t{from[2]} << 48,
        from[2] >> 16 | std::uint64_t{from[3]} << 8 | std::uint64_t{from[4]} << 32 |
            std::uint64_t{from[5]} << 56,
        from[5] >> 8 | std::uint64_t{from[6]} << 16 | std::uint64_t{from[7]} << 40};
    std::memcpy(to, words, sizeof words);
  }
  for (; x < count; ++x, ++from, to += 3) std::memcpy(to, from, 3);
}

}  // namespace

void yuv_to_rgb(const YuvPicture& picture, std::uint8_t* rgb) {
  const YuvFactors factors = yuv_factors(picture.matrix, picture.depth, picture.full_range);
  const int width = picture.width;
  const bool wide = picture.depth > 8;
  std::vector<std::int16_t> u(width, 0), v(width, 0);  // the row's, full width; gray: zero
  std::vector<std::uint32_t> pixels(width);
  int chroma_row = -1;
  for (int y = 0; y < picture.height; ++y) {
    if (picture.planes[1] && y >> picture.chroma_shift_y != chroma_row) {
      chroma_row = y >> picture.chroma_shift_y;
      for (const int plane : {1, 2}) {
        const std::uint8_t* row = picture.planes[plane] + chroma_row * picture.strides[plane];
        std::int16_t* to = plane == 1 ? u.data() : v.data();
        if (wide) {
          widen_16(reinterpret_cast<const std::uint16_t*>(row), width, picture.chroma_shift_x,
                   factors.grey, to);
        } else {
          widen_8(row, width, picture.chroma_shift_x, factors.grey, to);
        }
      }
    }
    const std::uint8_t* row = picture.planes[0] + y * picture.strides[0];
    if (wide) {
      convert_row_16(reinterpret_cast<const std::uint16_t*>(row), u.data(), v.data(), width,
                     factors, pixels.data());
    } else {
      convert_row_8(row, u.data(), v.data(), width, factors, pixels.data());
    }
    pack_row(pixels.data(), width, rgb + static_cast<std::size_t>(y) * width * 3);
  }
}

}  // namespace vremd::video
