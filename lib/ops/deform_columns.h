// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace vremd::ops {

// What a deformable convolution multiplies with its kernels (Dai 2017; its weights: Zhu 2019): for
// each query and channel the map's values at P points, sampled bilinearly, with zeros outside.
//
// tokens    batch x (height * width) x channels
// location  batch x queries x groups x points x 2: (y, x) in cells, 0 is the centre of the first;
//           a group is channels / groups channels
// weight    batch x queries x groups x points
// columns   batch x queries x channels x points
//
// A location that is not finite gives NaN. Float and double.
template <typename T>
struct DeformColumnsArgs {
  const T* tokens = nullptr;
  const T* location = nullptr;
  const T* weight = nullptr;
  T* columns = nullptr;
  int batch = 0, height = 0, width = 0, channels = 0, queries = 0, groups = 0, points = 0;
};

// One batch item and group, so that callers can share the work: no two touch the same output.
template <typename T>
void deform_columns_cpu(const DeformColumnsArgs<T>& args, int item, int group);

// The gradients of a sum over columns * d_columns. d_tokens is added to: it starts with zeros.
template <typename T>
struct DeformColumnsGradient {
  const T* d_columns = nullptr;
  T* d_tokens = nullptr;
  T* d_location = nullptr;
  T* d_weight = nullptr;
};
template <typename T>
void deform_columns_backward_cpu(const DeformColumnsArgs<T>& args,
                                 const DeformColumnsGradient<T>& gradient, int item, int group);

}  // namespace vremd::ops
