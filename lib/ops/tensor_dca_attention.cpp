// SPDX-License-Identifier: Apache-2.0
#include "ops/tensor_dca_attention.h"

#include "core/error.h"
#include "ops/dca_attention.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>

#include <fmt/ranges.h>

#if defined(VREMD_HAVE_CUDA) && defined(VREMD_TORCH_CUDA)
#define VREMD_TENSOR_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace vremd::ops {

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
  if (!q.is_cpu()) fail("dca_attention: device {}: this build has no kernel", q.device().str());
  dca_attention_cpu(args);
  return out;
}

}  // namespace vremd::ops
