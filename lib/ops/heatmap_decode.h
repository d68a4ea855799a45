// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

struct CUstream_st;  // cudaStream_t points to this; no CUDA header is needed here

namespace vremd::ops {

// Sub-pixel refinement of the peak (METHOD 2.2).
enum class Decode { kArgmax, kQuarter, kDark, kDarkUdp };
constexpr auto enum_names(Decode) { return std::array{"argmax", "quarter", "dark", "dark_udp"}; }

// Peak of each heatmap with its sub-pixel step.
//
// heatmaps  count x height x width, contiguous
// points    count x 3: x, y (heatmap pixels) and max(0, peak value)
//
// Of equal values the lowest index wins, on every device; NaN never wins. A non-finite step is
// skipped. blur_scratch: count x height x width floats, work space of kDark on the GPU; otherwise
// unused.
struct HeatmapDecodeArgs {
  const float* heatmaps = nullptr;
  float* points = nullptr;
  float* blur_scratch = nullptr;
  int count = 0, height = 0, width = 0;
  Decode decode = Decode::kDarkUdp;
  int blur = 11;  // kernel size k of the Gaussian, odd, at most kMaxBlur (heatmap_refine.h)
};

void heatmap_decode_cpu(const HeatmapDecodeArgs& args);  // the reference

// cuda/heatmap_decode.cu, in CUDA builds only. Pointers are device memory.
void heatmap_decode_cuda(const HeatmapDecodeArgs& args, CUstream_st* stream);

}  // namespace vremd::ops
