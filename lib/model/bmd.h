// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/sampling.h"

#include <functional>

namespace vremd::model {

// Multi-head cross attention over all tokens (METHOD 6.2).
struct CrossAttentionImpl : Module {
  CrossAttentionImpl(std::int64_t dim, std::int64_t heads);
  // query [B, N, D], source (of keys and values) [B, N, D]
  at::Tensor forward(const at::Tensor& query, const at::Tensor& source);

 private:
  std::int64_t heads_;
  std::shared_ptr<LinearImpl> q_, k_, v_, proj_;
};

// One ADC (adaptive deformable cross-attention) block of one direction (METHOD 6.1), or its
// replacement in an ablation of METHOD 9.
struct AdcImpl : Module {
  explicit AdcImpl(const ModelConfig& config);
  at::Tensor normalise_motion(const at::Tensor& x);
  at::Tensor normalise_feature(const at::Tensor& f);

  // DCA, DA or DC (bmd.op): motion x and constraint F, [B, N, D]; `fixed_points` as in dca.h.
  std::function<PointOutput(const at::Tensor& x, const at::Tensor& f, bool fixed_points)>
      attend_points;

  // Cross attention as in `bmd.ca.query`. `x` is of this direction, `other` of the other one
  // (undefined if unused).
  at::Tensor attend_all(const at::Tensor& x, const at::Tensor& f, const at::Tensor& other);
  bool has_cross_attention() const { return ca_ != nullptr; }

  // Null for `directions`, which mixes both directions instead, and for DC.
  std::shared_ptr<MlpImpl> mlp;

 private:
  CaQuery query_;
  std::shared_ptr<LayerNormImpl> norm_x_, norm_f_;  // null: none; norm_f_ also if F is unused
  std::shared_ptr<CrossAttentionImpl> ca_;
};

// Bidirectional Motion Disentanglement (METHOD 6): the person's motion, M, from the frame
// differences.
struct BmdImpl : Module {
  explicit BmdImpl(const ModelConfig& config);

  struct Output {
    at::Tensor m;        // M [B, N, D]
    at::Tensor offsets;  // as in PointOutput, [B, directions, blocks, Q, G, n_p, 2]
  };
  Output forward(const at::Tensor& fm_btnd, const at::Tensor& f, const Parts& without = {});

 private:
  // Blocks named 0, 1, ...
  template <typename Block>
  struct ListImpl : Module {
    template <typename... Args>
    explicit ListImpl(int count, const Args&... args) {
      for (int i = 0; i < count; ++i) {
        blocks.push_back(add<Block>(std::to_string(i), args...));
      }
    }
    std::vector<std::shared_ptr<Block>> blocks;
  };
  // The streams after ADC `block`; appends its offsets, one per stream.
  std::vector<at::Tensor> disentangle(std::size_t block, const std::vector<at::Tensor>& streams,
                                      const at::Tensor& f, const Parts& without,
                                      std::vector<at::Tensor>& offsets);
  const ModelConfig::Bmd options_;
  std::int64_t height_, width_;
  std::shared_ptr<LinearImpl> entry_;                  // one stream: 2 D -> D
  std::shared_ptr<ListImpl<AdcImpl>> fwd_, bwd_;       // the same if bmd.share_directions
  std::shared_ptr<ListImpl<MlpImpl>> mix_;             // bmd.adc: directions
  std::function<at::Tensor(const at::Tensor&)> fuse_;  // two streams: 2 D -> D (bmd.fusion)
};

}  // namespace vremd::model
