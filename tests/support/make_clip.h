// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small clips, made when a test runs. Each frame shows its number in a form that survives any
// codec.

#include "core/frame.h"
#include "temporary_folder.h"
#include "video/writer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

namespace vremd {

// The upper half is a colour gradient that moves; the lower half has eight bars, white or black:
// the bits of `number`. For sizes from 32 x 16.
inline Frame numbered_frame(int width, int height, int number) {
  Frame frame;
  frame.index = number;
  frame.width = width;
  frame.height = height;
  frame.rgb.resize(static_cast<std::size_t>(width) * height * 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* pixel = frame.rgb.data() + (static_cast<std::size_t>(y) * width + x) * 3;
      if (y < height / 2) {
        pixel[0] = static_cast<std::uint8_t>(40 + 150 * x / width);
        pixel[1] = static_cast<std::uint8_t>(60 + 120 * y / height + number % 8);
        pixel[2] = static_cast<std::uint8_t>(190 - 130 * x / width);
      } else {
        const bool bit = number >> (x * 8 / width) & 1;
        std::fill_n(pixel, 3, static_cast<std::uint8_t>(bit ? 235 : 20));
      }
    }
  }
  return frame;
}

// The number, read from the middle of the bars; -1 where a bar is neither white nor black.
inline int number_in(const Frame& frame) {
  int number = 0;
  for (int bit = 0; bit < 8; ++bit) {
    const int x = (2 * bit + 1) * frame.width / 16, y = frame.height * 3 / 4;
    const int green = frame.row(y)[x * 3 + 1];
    if (green > 90 && green < 165) return -1;
    if (green >= 165) number |= 1 << bit;
  }
  return number;
}

// Mean absolute difference of two frames of one size.
inline double difference(const Frame& a, const Frame& b) {
  if (a.rgb.size() != b.rgb.size() || a.width != b.width) return 255;
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(a.rgb[i] - b.rgb[i]);
  return sum / static_cast<double>(a.rgb.size());
}

// Writes numbered frames 0 ... frames-1. With `times` (seconds, one per frame): variable rate.
inline std::string make_clip(const std::string& path, int frames,
                             video::VideoWriterOptions options = {},
                             const std::vector<double>& times = {}) {
  if (options.width == 0) options.width = 96;
  if (options.height == 0) options.height = 64;
  video::VideoWriter writer(path, options);
  for (int i = 0; i < frames; ++i) {
    const Frame frame = numbered_frame(options.width, options.height, i);
    if (times.empty()) {
      writer.write(frame);
    } else {
      writer.write(frame, times.at(i));
    }
  }
  writer.close();
  return path;
}

}  // namespace vremd
