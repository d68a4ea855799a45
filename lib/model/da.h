// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/sampling.h"

namespace vremd::model {

// The attention of Deformable-DETR (Zhu 2020) on one level, in the place of DCA (METHOD 9): the
// motion itself says where to look and, without a product of q and k, how much each point counts.
// Outside the map there are zeros, as in its source. F has no part in it.
struct DaImpl : Layer {
  explicit DaImpl(const ModelConfig& config);
  // x [B, N, D]; offsets [B, N, heads, points, 2].
  PointOutput forward(const at::Tensor& x, const at::Tensor& f = {});
  void init() override;

 private:
  std::int64_t height_, width_, heads_, points_;
  std::shared_ptr<LinearImpl> offset_, weight_, v_, proj_;
};

}  // namespace vremd::model
