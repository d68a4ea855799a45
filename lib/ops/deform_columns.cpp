// SPDX-License-Identifier: Apache-2.0
#include "ops/deform_columns.h"

#include "ops/bilinear.h"

#include <cstddef>
#include <vector>

namespace vremd::ops {
namespace {

// Array offsets of one query of an item and group.
template <typename T>
struct Place {
  Place(const DeformColumnsArgs<T>& args, int item, int group, int query)
      : channels(args.channels / args.groups),
        tokens(static_cast<std::ptrdiff_t>(item) * args.height * args.width * args.channels +
               static_cast<std::ptrdiff_t>(group) * channels),
        points(((static_cast<std::ptrdiff_t>(item) * args.queries + query) * args.groups + group) *
               args.points),
        columns(((static_cast<std::ptrdiff_t>(item) * args.queries + query) * args.channels +
                 static_cast<std::ptrdiff_t>(group) * channels) *
                args.points) {}

  int channels;                            // of the group
  std::ptrdiff_t tokens, points, columns;  // of the first element
};

}  // namespace

template <typename T>
void deform_columns_cpu(const DeformColumnsArgs<T>& args, int item, int group) {
  std::vector<T> sampled(args.channels / args.groups);
  for (int query = 0; query < args.queries; ++query) {
    const Place<T> at(args, item, group, query);
    for (int p = 0; p < args.points; ++p) {
      const T weight = args.weight[at.points + p];
      const T* place = args.location + 2 * (at.points + p);
      const auto corners =
          bilinear_corners(place[0], place[1], args.height, args.width, /*zeros=*/true);
      sampled.assign(sampled.size(), 0);
      for (int i = 0; i < 4; ++i) {
        if (corners.cell[i] < 0) continue;
        const T share = weight * corners.share[i];
        const T* token =
            args.tokens + at.tokens + static_cast<std::ptrdiff_t>(corners.cell[i]) * args.channels;
        for (int c = 0; c < at.channels; ++c) sampled[c] += share * token[c];
      }
      T* column = args.columns + at.columns + p;
      for (int c = 0; c < at.channels; ++c) column[c * args.points] = sampled[c];
    }
  }
}

template <typename T>
void deform_columns_backward_cpu(const DeformColumnsArgs<T>& args,
                                 const DeformColumnsGradient<T>& gradient, int item, int group) {
  std::vector<T> d_sampled(args.channels / args.groups);
  for (int query = 0; query < args.queries; ++query) {
    const Place<T> at(args, item, group, query);
    for (int p = 0; p < args.points; ++p) {
      const std::ptrdiff_t point = at.points + p;
      const T weight = args.weight[point];
      const T* place = args.location + 2 * point;
      const auto corners =
          bilinear_corners(place[0], place[1], args.height, args.width, /*zeros=*/true);
      const T* d_column = gradient.d_columns + at.columns + p;
      for (int c = 0; c < at.channels; ++c) d_sampled[c] = d_column[c * args.points];
      T dot[4] = {0, 0, 0, 0};  // gradient times the token of each corner
      for (int i = 0; i < 4; ++i) {
        if (corners.cell[i] < 0) continue;
        const std::ptrdiff_t begin =
            at.tokens + static_cast<std::ptrdiff_t>(corners.cell[i]) * args.channels;
        const T share = weight * corners.share[i];
        const T* token = args.tokens + begin;
        T* d_token = gradient.d_tokens + begin;
        for (int c = 0; c < at.channels; ++c) {
          dot[i] += d_sampled[c] * token[c];
          d_token[c] += share * d_sampled[c];
        }
      }
      gradient.d_location[2 * point] =
          weight * ((1 - corners.fx) * (dot[2] - dot[0]) + corners.fx * (dot[3] - dot[1]));
      gradient.d_location[2 * point + 1] =
          weight * ((1 - corners.fy) * (dot[1] - dot[0]) + corners.fy * (dot[3] - dot[2]));
      T sum = 0;
      for (int i = 0; i < 4; ++i) sum += corners.share[i] * dot[i];
      gradient.d_weight[point] = sum;
    }
  }
}

template void deform_columns_cpu<float>(const DeformColumnsArgs<float>&, int, int);
template void deform_columns_cpu<double>(const DeformColumnsArgs<double>&, int, int);
template void deform_columns_backward_cpu<float>(const DeformColumnsArgs<float>&,
                                                 const DeformColumnsGradient<float>&, int, int);
template void deform_columns_backward_cpu<double>(const DeformColumnsArgs<double>&,
                                                  const DeformColumnsGradient<double>&, int, int);

}  // namespace vremd::ops
