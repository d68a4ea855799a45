// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/layers.h"

#include <memory>

namespace vremd::model {

// The frozen image network: crops -> F_{t-1}, F_t, F_{t+1} before the projection to D.
// METHOD 4.1.
struct BackboneImpl : Module {
  // crops [n, 3, H, W], normalised by the config -> float32 tokens [n, N, C], row-major
  // (index = y * tokens_w + x).
  virtual at::Tensor forward_tokens(const at::Tensor& crops_nchw) = 0;
  virtual int channels() const = 0;  // C

  virtual void init() = 0;  // random values, for training from scratch
  // Converts matrices to bfloat16; sums and norms stay in float32. Default: no change.
  virtual void to_bf16() {}
};

std::shared_ptr<BackboneImpl> make_backbone(const ModelConfig& config);

}  // namespace vremd::model
