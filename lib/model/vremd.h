// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/backbone.h"
#include "model/bmd.h"
#include "model/heads.h"
#include "model/hkme.h"
#include "model/movenet_head.h"

namespace vremd::model {

// The paper's network, figure 2: frozen features of three frames -> HKME -> BMD -> heatmaps.
// Without HKME and BMD it is ViTPose: one frame, one head.
//
// The constructor leaves parameters uninitialised: call load_model() (weights.h) or init().
struct VremdImpl : Module {
  explicit VremdImpl(ModelConfig config);

  // Crops [n, 3, H, W] -> tokens [n, N, C], once per distinct crop; without gradient if the
  // backbone is frozen. `keys` (int64): the rows of key frames, which the prior is limited to;
  // undefined: all.
  at::Tensor features(const at::Tensor& crops_nchw, const at::Tensor& keys = {});

  // Computes the first layers of MoveNet once for backbone and prior, if they have the same weights
  // there. Call it when the backbone's do not change any more.
  void share_equal_layers();

  // The same for crops ordered by person, T each: [B, T, N, C].
  at::Tensor triplet_features(const at::Tensor& crops_nchw);

  int feature_channels() const;  // C: tokens, then prior

  // If set, features are already projected to D, by a `proj` that is not trained: smaller to keep
  // (METHOD 10.4).
  bool project_features = false;

  struct Output {
    at::Tensor heatmaps_bkhw;  // H; logits if loss.kind is ce
    at::Tensor hk, hm;         // its branches; these and the following are undefined if absent

    at::Tensor human_mask, keypoint_mask;  // Mask_h, Mask_k [B, 3, N]
    at::Tensor keypoint_rows;              // KeypointMaskImpl::Output::rows
    // Only with keep_intermediates:
    at::Tensor f_human, f_joint;  // F_c, F_f [B, 3, N, D]
    at::Tensor f, m;              // F, M [B, N, D]
    // delta p of DCA, DA or DC: (y, x) in cells, [B, directions, blocks, N, G, n_p, 2]
    at::Tensor offsets;
  };
  // Tokens of T = config.frames() frames, previous, key, next: [B, T, N, C]. `annotated` [B, J], in
  // training: the joints in each sample's Mask_k (hkme.h). `without`: METHOD 9.1.
  Output forward(const at::Tensor& features_btnc, bool keep_intermediates = false,
                 const at::Tensor& annotated = {}, const Parts& without = {});

  // Decoder input (METHOD 7): H itself, or min(1, 2 pi sigma^2 softmax(H)) for ce.
  at::Tensor probabilities(const at::Tensor& heatmaps_bkhw) const;

  void init();  // METHOD 5
  // Initialises backbone, prior and H_m from a trained single-frame model: agg is the identity of
  // F_t, so H equals the heatmaps of that model while H_k is near zero. Joints that it lacks:
  // head_bottom is the mean of the shoulders, others are zero (METHOD 7).
  void init_from_single_frame(const VremdImpl& other);
  // Tokens F of mean `mean` and standard deviation `deviation` [D] become those of mean 0 and
  // deviation 1, by proj; with `keep_hm`, the aggregation makes up for it, so that H_m from F_t
  // stays the same.
  void standardise_tokens(const at::Tensor& mean, const at::Tensor& deviation, bool keep_hm);
  bool has_projection() const { return proj_ != nullptr; }
  // Inference in bfloat16 (METHOD 11.3): matrices of the backbone and of the blocks; LayerNorm,
  // softmax, masks, DCA coordinates, residuals and heads stay in float32.
  void to_bf16();
  void train(bool on = true) override;  // a frozen backbone stays in evaluation mode

  ModelConfig config;

 private:
  int token_channels() const;  // of features(), without the prior
  at::Tensor project(const at::Tensor& tokens);
  struct ProjImpl : Module {
    ProjImpl(std::int64_t in, std::int64_t out, double ln_eps);
    std::shared_ptr<LayerNormImpl> norm;
    std::shared_ptr<LinearImpl> fc;
  };

  std::shared_ptr<BackboneImpl> backbone_;
  MovenetImpl* shared_low_ = nullptr;  // backbone_, if the prior begins with its low map
  std::shared_ptr<ProjImpl> proj_;     // null if the backbone has D channels
  std::shared_ptr<HkmeImpl> hkme_;
  std::shared_ptr<BmdImpl> bmd_;
  std::shared_ptr<HkImpl> hk_;
  std::shared_ptr<HmImpl> hm_;
  std::shared_ptr<MovenetHeadImpl> head_;    // Thunder's own, replaces all modules
  std::shared_ptr<MovenetPriorImpl> prior_;  // null if model.prior is none
};

}  // namespace vremd::model
