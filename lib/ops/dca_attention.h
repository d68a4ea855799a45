// SPDX-License-Identifier: Apache-2.0
#pragma once

struct CUstream_st;  // cudaStream_t points to this; no CUDA header is needed here

namespace vremd::ops {

// Deformable cross attention after its projections (eq. 4, METHOD 6.3): each query attends to its
// own points,
//   softmax_p(q k(p)^T / sqrt(d)) v(p),   d = channels / heads,
// where the maps k and v are sampled bilinearly. Samples are not stored. Forward only.
//
// q, out    batch x queries x channels
// k, v      batch x (height * width) x channels
// location  batch x queries x groups x points x 2: (y, x) in cells, 0 is the centre of the first;
//           each group of points serves channels / groups channels of k and v
// zeros     outside the map: zeros instead of the nearest cell
//
// Of heads and groups one divides the other, both divide the channels. A NaN location gives NaN in
// the heads of its query.
struct DcaAttentionArgs {
  const float* q = nullptr;
  const float* k = nullptr;
  const float* v = nullptr;
  const float* location = nullptr;
  float* out = nullptr;
  int batch = 0, queries = 0, height = 0, width = 0, channels = 0, heads = 0, groups = 0,
      points = 0;
  bool zeros = false;
};

constexpr int kMaxDcaHeadChannels = 256;  // limit of the kernel

void dca_attention_cpu(const DcaAttentionArgs& args);  // the reference

// cuda/dca_attention.cu, in CUDA builds only. Pointers are device memory.
void dca_attention_cuda(const DcaAttentionArgs& args, CUstream_st* stream);

}  // namespace vremd::ops
