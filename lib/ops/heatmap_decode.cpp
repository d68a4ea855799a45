// SPDX-License-Identifier: Apache-2.0
#include "ops/heatmap_decode.h"

#include "ops/heatmap_refine.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace vremd::ops {
namespace {

// The lowest index of the largest value, ignoring NaN; 0 if there is none. First the maximum, in
// vectorizable lanes, then its index: takes a ninth of the time of one simple loop.
int peak_index(const float* map, int size) {
  constexpr int kLanes = 16;
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  float lanes[kLanes];
  std::fill(lanes, lanes + kLanes, kNone);
  int i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = map[i + lane] > lanes[lane] ? map[i + lane] : lanes[lane];
    }
  }
  float maximum = *std::max_element(lanes, lanes + kLanes);
  for (; i < size; ++i) maximum = map[i] > maximum ? map[i] : maximum;
  if (maximum == kNone) return 0;
  return static_cast<int>(std::find(map, map + size, maximum) - map);
}

// The largest value of the map blurred with a zero border.
float blurred_maximum(const float* map, int height, int width, const BlurKernel& kernel,
                      std::vector<float>& rows) {
  rows.resize(static_cast<std::size_t>(height) * width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      rows[y * width + x] = static_cast<float>(blur_row(map, height, width, y, x, kernel, true));
    }
  }
  double maximum = -std::numeric_limits<double>::infinity();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (int i = 0; i < kernel.size; ++i) {
        const int row = y + i - kernel.size / 2;
        if (row >= 0 && row < height) sum += kernel.weights[i] * rows[row * width + x];
      }
      maximum = std::max(maximum, sum);
    }
  }
  return static_cast<float>(maximum);
}

// The blurred map within `reach` pixels of the peak, (2 reach + 1)^2 values; the border is
// repeated.
void blurred_patch(const float* map, int height, int width, int peak_y, int peak_x, int reach,
                   const BlurKernel& kernel, bool zero_border, double* patch) {
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      const int y = clamp_index(peak_y + dy, height), x = clamp_index(peak_x + dx, width);
      double sum = 0;
      for (int i = 0; i < kernel.size; ++i) {
        const int row = y + i - kernel.size / 2;
        sum += kernel.weights[i] * blur_row(map, height, width, row, x, kernel, zero_border);
      }
      *patch++ = sum;
    }
  }
}

}  // namespace

void heatmap_decode_cpu(const HeatmapDecodeArgs& args) {
  const int height = args.height, width = args.width, size = height * width;
  const BlurKernel kernel = kernel_for(args);
  std::vector<float> rows;
  double patch[25];  // (2 * 2 + 1)^2

  for (int n = 0; n < args.count; ++n) {
    const float* map = args.heatmaps + static_cast<std::ptrdiff_t>(n) * size;
    const int peak = peak_index(map, size);
    const float value = map[peak];
    const int x = peak % width, y = peak / width;
    Step step;
    if (args.decode == Decode::kQuarter) {
      step = quarter_step(map, x, y, height, width);
    } else if (args.decode == Decode::kDark && dark_applies(value, x, y, height, width)) {
      const double gain =
          static_cast<double>(value) / blurred_maximum(map, height, width, kernel, rows);
      blurred_patch(map, height, width, y, x, 2, kernel, true, patch);
      for (double& one : patch) one = dark_log(one * gain);
      step = dark_step(patch + 12, 5);
    } else if (args.decode == Decode::kDarkUdp) {
      blurred_patch(map, height, width, y, x, 1, kernel, false, patch);
      for (int i = 0; i < 9; ++i) patch[i] = dark_udp_log(patch[i]);
      step = dark_udp_step(patch + 4, 3);
    }

    float* point = args.points + 3 * static_cast<std::ptrdiff_t>(n);
    point[0] = static_cast<float>(x + step.x);
    point[1] = static_cast<float>(y + step.y);
    point[2] = value > 0 ? value : 0;  // 0 for NaN
  }
}

}  // namespace vremd::ops
