// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace vremd::ops {

// The im2col of a deformable convolution (Dai 2017; weights: Zhu 2019): for each query and channel
// the bilinear samples of the map at P points, zeros outside.
//
// tokens    batch x (height * width) x channels
// location  batch x queries x groups x points x 2: (y, x) in cells, 0 is the centre of the first;
//           a group is channels / groups channels
// weight    batch x queries x groups x points
// columns   batch x queries x channels x points
//
// A non-finite location gives NaN. Instantiated for float and double.
template <typename T>
struct DeformColumnsArgs {
  const T* tokens = nullptr;
  const T* location = nullptr;
  const T* weight = nullptr;
  T* columns = nullptr;
  int batch = 0, height = 0, width = 0, channels = 0, queries = 0, groups = 0, points = 0;
};

// One batch item and group. Different ones write disjoint outputs, so they may run in parallel.
template <typename T>
void deform_columns_cpu(const DeformColumnsArgs<T>& args, int item, int group);

// Gradients. d_tokens is accumulated: initialise it to zeros.
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
