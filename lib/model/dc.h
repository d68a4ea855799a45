// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/sampling.h"

namespace vremd::model {

// sample() times weights [B, Q, G, P] as the rows of a matrix, [B, Q, D P], points fastest; zeros
// outside the map. Two implementations: loops with their own gradient (CPU; autograd saves the
// inputs, not the samples), and LibTorch's sampler.
at::Tensor deform_columns_by_loops(const at::Tensor& tokens, const at::Tensor& weights,
                                   const SamplePoints& points);
at::Tensor deform_columns_by_samples(const at::Tensor& tokens, const at::Tensor& weights,
                                     const SamplePoints& points);

// A 3 x 3 deformable convolution D -> D of one dilation (METHOD 9); always in float32.
struct DeformConvImpl : Layer {
  DeformConvImpl(const ModelConfig& config, int dilation);

  // x [B, N, D]; condition, the input of the offsets, [B, N, D or 2 D]. Offsets [B, N, G, 9, 2] are
  // relative to the query and include those of the kernel.
  PointOutput forward(const at::Tensor& x, const at::Tensor& condition, bool fixed_points = false);
  void init() override;  // offsets 0, weights 1/2

 private:
  struct KernelImpl : WeightedLayer {
    explicit KernelImpl(std::int64_t dim) : WeightedLayer({dim, dim, 3, 3}) {}
    at::Tensor forward(const at::Tensor& columns);
    ops::PackedWeight packed;
  };
  at::Tensor convolve(const at::Tensor& x, const at::Tensor& weights, const SamplePoints& points);

  std::int64_t height_, width_, groups_, dilation_;
  bool modulated_;
  std::shared_ptr<ConvImpl> offset_mask_;
  std::shared_ptr<KernelImpl> conv_;
};

// The mean of the deformable convolutions of all dilations; replaces an ADC block.
struct DcImpl : Module {
  explicit DcImpl(const ModelConfig& config);
  // x, f [B, N, D]; f, the constraint, is unused if bmd.dc.condition is motion_only. Offsets [B, N,
  // G, 9 * dilations, 2], relative to the query.
  PointOutput forward(const at::Tensor& x, const at::Tensor& f, bool fixed_points = false);

 private:
  bool concat_;
  std::vector<std::shared_ptr<DeformConvImpl>> convs_;
};

}  // namespace vremd::model
