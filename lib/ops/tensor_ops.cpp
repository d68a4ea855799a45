// SPDX-License-Identifier: Apache-2.0
#include "ops/tensor_ops.h"

#include "core/error.h"
#include "ops/dca_attention.h"
#include "ops/heatmap_refine.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/Device.h>
#include <fmt/ranges.h>

#if defined(VREMD_HAVE_CUDA) && defined(VREMD_TORCH_CUDA)
#define VREMD_TENSOR_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

#include <cstdint>
#include <vector>

namespace vremd::ops {
namespace {

void require_device(const char* op, const c10::Device& device) {
  if (device.is_cpu()) return;
#ifdef VREMD_TENSOR_CUDA
  if (device.is_cuda()) return;
#endif
  if (device.is_cuda()) fail("{}: device {}: this build has no CUDA", op, device.str());
  fail("{}: device {} is not supported", op, device.str());
}

}  // namespace

void check_request(const CropRequest& request, std::size_t index) {
  const Frame* frame = request.frame;
  if (!frame) fail("warp_affine: crop {} has no frame", index);
  const auto bytes = static_cast<std::size_t>(frame->width) * frame->height * 3;
  if (frame->width < 1 || frame->height < 1 || frame->rgb.size() != bytes) {
    fail("warp_affine: crop {}: frame {} has {} bytes for {} x {} pixels", index, frame->index,
         frame->rgb.size(), frame->width, frame->height);
  }
}

WarpAffineArgs warp_affine_args(int count, int height, int width,
                                const Normalisation& normalisation) {
  WarpAffineArgs args;
  args.count = count;
  args.height = height;
  args.width = width;
  args.swap = normalisation.bgr;
  for (int c = 0; c < 3 && !normalisation.raw; ++c) {
    args.scale[c] = static_cast<float>(1 / (255 * normalisation.std[c]));
    args.bias[c] = static_cast<float>(-normalisation.mean[c] / normalisation.std[c]);
  }
  return args;
}

void warp_affine(const WarpAffineArgs& args, const c10::Device& device) {
  require_device("warp_affine", device);
#ifdef VREMD_TENSOR_CUDA
  if (device.is_cuda()) {
    const c10::cuda::CUDAGuard guard(device);
    return warp_affine_cuda(args, c10::cuda::getCurrentCUDAStream());
  }
#endif
  warp_affine_cpu(args);
}

at::Tensor warp_affine(std::span<const CropRequest> requests, int height, int width,
                       const Normalisation& normalisation) {
  if (height < 1 || width < 1) fail("warp_affine: crops of {} x {} pixels", height, width);
  const int count = static_cast<int>(requests.size());
  WarpAffineArgs args = warp_affine_args(count, height, width, normalisation);
  std::vector<const std::uint8_t*> pictures;
  std::vector<int> sizes;
  std::vector<float> maps;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    check_request(requests[i], i);
    const Frame& frame = *requests[i].frame;
    pictures.push_back(frame.rgb.data());
    sizes.insert(sizes.end(), {frame.width, frame.height, 3 * frame.width});
    for (const double m : requests[i].crop_to_frame.m) maps.push_back(static_cast<float>(m));
  }
  at::Tensor crops = at::empty({count, 3, height, width}, at::kFloat);
  args.pictures = pictures.data();
  args.sizes = sizes.data();
  args.crop_to_frame = maps.data();
  args.crops = crops.data_ptr<float>();
  warp_affine_cpu(args);
  return crops;
}

at::Tensor heatmap_decode(const at::Tensor& heatmaps_nkhw, Decode decode, int blur) {
  if (heatmaps_nkhw.dim() != 4 || heatmaps_nkhw.scalar_type() != at::kFloat) {
    fail("heatmap_decode: expected float32 [N, K, H, W], got {} [{}]",
         c10::toString(heatmaps_nkhw.scalar_type()), fmt::join(heatmaps_nkhw.sizes(), ", "));
  }
  if (blur < 1 || blur > kMaxBlur || blur % 2 == 0) {
    fail("heatmap_decode: blur {} is not an odd number from 1 to {}", blur, kMaxBlur);
  }
  const std::int64_t n = heatmaps_nkhw.size(0), k = heatmaps_nkhw.size(1);
  const std::int64_t height = heatmaps_nkhw.size(2), width = heatmaps_nkhw.size(3);
  if (height < 1 || width < 1) fail("heatmap_decode: maps of {} x {} pixels", height, width);

  require_device("heatmap_decode", heatmaps_nkhw.device());
  const at::Tensor heatmaps = heatmaps_nkhw.detach().contiguous();
  const at::Tensor points = at::empty({n, k, 3}, heatmaps.options());
  HeatmapDecodeArgs args;
  args.heatmaps = heatmaps.data_ptr<float>();
  args.points = points.data_ptr<float>();
  args.count = static_cast<int>(n * k);
  args.height = static_cast<int>(height);
  args.width = static_cast<int>(width);
  args.decode = decode;
  args.blur = blur;
#ifdef VREMD_TENSOR_CUDA
  if (heatmaps.is_cuda()) {
    const c10::cuda::CUDAGuard guard(heatmaps.device());
    at::Tensor scratch;
    if (decode == Decode::kDark) {
      scratch = at::empty(heatmaps.sizes(), heatmaps.options());
      args.blur_scratch = scratch.data_ptr<float>();
    }
    heatmap_decode_cuda(args, c10::cuda::getCurrentCUDAStream());
    return points;
  }
#endif
  heatmap_decode_cpu(args);
  return points;
}

at::Tensor dca_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const at::Tensor& location, std::int64_t height, std::int64_t width,
                         std::int64_t heads, bool zeros) {
  for (const at::Tensor& tensor : {q, k, v, location}) {
    if (tensor.scalar_type() != at::kFloat || tensor.device() != q.device()) {
      fail("dca_attention: expected float32 on {}, got {} on {}", q.device().str(),
           c10::toString(tensor.scalar_type()), tensor.device().str());
    }
  }
  if (q.dim() != 3 || k.sizes() != q.sizes() || v.sizes() != q.sizes() || location.dim() != 5 ||
      location.size(0) != q.size(0) || location.size(1) != q.size(1) || location.size(4) != 2 ||
      height * width != q.size(1)) {
    fail("dca_attention: q [{}], k [{}], v [{}] and location [{}] do not fit {} x {} cells",
         fmt::join(q.sizes(), ", "), fmt::join(k.sizes(), ", "), fmt::join(v.sizes(), ", "),
         fmt::join(location.sizes(), ", "), height, width);
  }
  const auto dim = q.size(2), groups = location.size(2);
  if (heads < 1 || groups < 1 || dim % heads != 0 || dim % groups != 0 ||
      (heads % groups != 0 && groups % heads != 0)) {
    fail("dca_attention: {} heads and {} groups of {} channels", heads, groups, dim);
  }
  require_device("dca_attention", q.device());
  const at::Tensor all[] = {q.detach().contiguous(), k.detach().contiguous(),
                            v.detach().contiguous(), location.detach().contiguous()};
  at::Tensor out = at::empty_like(all[0]);
  DcaAttentionArgs args;
  args.q = all[0].data_ptr<float>();
  args.k = all[1].data_ptr<float>();
  args.v = all[2].data_ptr<float>();
  args.location = all[3].data_ptr<float>();
  args.out = out.data_ptr<float>();
  args.batch = static_cast<int>(q.size(0));
  args.queries = static_cast<int>(q.size(1));
  args.height = static_cast<int>(height);
  args.width = static_cast<int>(width);
  args.channels = static_cast<int>(dim);
  args.heads = static_cast<int>(heads);
  args.groups = static_cast<int>(groups);
  args.points = static_cast<int>(location.size(3));
  args.zeros = zeros;
#ifdef VREMD_TENSOR_CUDA
  if (q.is_cuda()) {
    const c10::cuda::CUDAGuard guard(q.device());
    dca_attention_cuda(args, c10::cuda::getCurrentCUDAStream());
    return out;
  }
#endif
  dca_attention_cpu(args);
  return out;
}

}  // namespace vremd::ops
