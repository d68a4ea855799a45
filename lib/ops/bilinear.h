// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bilinear sampling of a map of cells, shared by the CPU and cuda/.

#include <cmath>

#ifdef __CUDACC__
#define VREMD_HOST_DEVICE __host__ __device__
#else
#define VREMD_HOST_DEVICE
#endif

namespace vremd::ops {

// The cells around a point and their weights. A cell is row * width + column, -1 outside the map.
template <typename T>
struct BilinearCorners {
  int cell[4];  // above left, above right, below left, below right
  T share[4];
  T fy, fx;  // fractions of the point
};

// (y, x) in cells, 0 is the centre of the first. Values outside the map are zeros or the nearest
// cell. A NaN point gives NaN; with zeros, an infinite one does as well.
template <typename T>
VREMD_HOST_DEVICE inline BilinearCorners<T> bilinear_corners(T y, T x, int height, int width,
                                                             bool zeros) {
  const T last_y = static_cast<T>(height - 1), last_x = static_cast<T>(width - 1);
  if (!zeros) {
    y = y < 0 ? 0 : (y > last_y ? last_y : y);
    x = x < 0 ? 0 : (x > last_x ? last_x : x);
  }
  BilinearCorners<T> corners{{-1, -1, -1, -1}, {0, 0, 0, 0}, 0, 0};
  // Before the conversion to integers, which is undefined for values out of range.
  if (!(y > -1 && y <= last_y + 1 && x > -1 && x <= last_x + 1)) {
    const T none = (y - y) + (x - x);  // 0, or NaN where it is not finite
    if (none != none) {
      corners.cell[0] = 0;
      corners.share[0] = none;
    }
    return corners;
  }
  const T floor_y = std::floor(y), floor_x = std::floor(x);
  corners.fy = y - floor_y;
  corners.fx = x - floor_x;
  for (int i = 0; i < 4; ++i) {
    const int row = static_cast<int>(floor_y) + i / 2, column = static_cast<int>(floor_x) + i % 2;
    if (row < 0 || row >= height || column < 0 || column >= width) continue;
    corners.cell[i] = row * width + column;
    corners.share[i] =
        (i / 2 ? corners.fy : 1 - corners.fy) * (i % 2 ? corners.fx : 1 - corners.fx);
  }
  return corners;
}

}  // namespace vremd::ops
