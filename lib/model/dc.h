// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/sampling.h"

namespace vremd::model {

// sample() times weights [B, Q, G, P] as the rows of a matrix, [B, Q, D P], points fastest; zeros
// outside the map. Two forms of one function: loops with a gradient of their own
// (the CPU; the gradient keeps what goes in, not the samples of the corners), and LibTorch's
// sampler.
at::Tensor deform_columns_by_loops(const at::Tensor& tokens, const at::Tensor& weights,
                                   const SamplePoints& points);
at::Tensor deform_columns_by_samples(const at::Tensor& tokens, const at::Tensor& weights,
                                     const SamplePoints& points);

// A 3 x 3 deformable convolution D -> D of one dilation (METHOD 9); always in float32.
struct DeformConvImpl : Layer {
  DeformConvImpl(const ModelConfig& config, int dilation);

  // x [B, N, D]; what the offsets are made of [B, N, D or 2 D]. Offsets [B, N, G, 9, 2] from the
  // query: the kernel's own included.
  PointOutput forward(const at::Tensor& x, const at::Tensor& condition);
  void init() override;  // offsets 0, weights of the points 1/2

 private:
  struct KernelImpl : Layer {
    explicit KernelImpl(std::int64_t dim);
    void init() override;
    at::Tensor forward(const at::Tensor& columns);
    at::Tensor weight, bias;  // [D, D, 3, 3], [D]
    ops::PackedWeight packed;
  };
  at::Tensor convolve(const at::Tensor& x, const at::Tensor& weights, const SamplePoints& points);

  std::int64_t height_, width_, groups_, dilation_;
  bool modulated_;
  std::shared_ptr<ConvImpl> offset_mask_;
  std::shared_ptr<KernelImpl> conv_;
};

// The mean of the deformable convolutions of all dilations, in the place of an ADC block.
struct DcImpl : torch::nn::Module {
  explicit DcImpl(const ModelConfig& config);
  // x, f [B, N, D]; f, the constraint, is not looked at where bmd.dc.condition is motion_only.
  // Offsets [B, N, G, 9 * dilations, 2] from the query.
  PointOutput forward(const at::Tensor& x, const at::Tensor& f);

 private:
  bool concat_;
  std::vector<std::shared_ptr<DeformConvImpl>> convs_;
};

}  // namespace vremd::model
