// SPDX-License-Identifier: Apache-2.0
#include "ops/heatmap_encode.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace vremd::ops {

bool heatmap_encode(std::span<float> heatmap, int height, int width, double x, double y,
                    double sigma, bool udp) {
  if (height < 1 || width < 1 || heatmap.size() != static_cast<std::size_t>(height) * width) {
    fail("heatmap_encode: {} values for a {} x {} map", heatmap.size(), height, width);
  }
  std::fill(heatmap.begin(), heatmap.end(), 0.0f);

  // The support is a square around the nearest pixel in both variants.
  const double radius = std::floor(3 * sigma);
  const double column = std::floor(x + 0.5), row = std::floor(y + 0.5);
  const double left = std::fmax(0, column - radius), right = std::fmin(width - 1, column + radius);
  const double top = std::fmax(0, row - radius), bottom = std::fmin(height - 1, row + radius);
  if (!std::isfinite(x) || !std::isfinite(y) || left > right || top > bottom) return false;

  const double centre_x = udp ? x : column, centre_y = udp ? y : row;
  const double factor = -1 / (2 * sigma * sigma);
  for (int v = static_cast<int>(top); v <= static_cast<int>(bottom); ++v) {
    for (int u = static_cast<int>(left); u <= static_cast<int>(right); ++u) {
      const double dx = u - centre_x, dy = v - centre_y;
      heatmap[static_cast<std::size_t>(v) * width + u] =
          static_cast<float>(std::exp((dx * dx + dy * dy) * factor));
    }
  }
  return true;
}

}  // namespace vremd::ops
