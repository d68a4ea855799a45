// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/movenet.h"

namespace vremd::model {

// MoveNet Thunder's four heads. They read the stride-4 map, [B, 24, 4 tokens_h, 4 tokens_w].
struct MovenetHeadsImpl : torch::nn::Module {
  static constexpr int kJoints = 17;  // COCO's order

  MovenetHeadsImpl();
  // The stride-4 map is the first part of the backbone's tokens.
  static at::Tensor pyramid_4(const at::Tensor& tokens_bnc, std::int64_t tokens_h,
                              std::int64_t tokens_w);
  at::Tensor logits(const at::Tensor& map_nchw);  // [B, 17, H, W]; sigmoid: the scores
  // Distance in cells of each cell from where the person nearest to the middle of the crop has
  // the joint by the regression, plus the graph's 1.8: [B, 17, H, W]. Thunder takes the highest
  // score / distance.
  at::Tensor distances(const at::Tensor& map_nchw);

  // (y, x) from the cell [B, 17] of each joint to the joint itself, in cells: [B, 17, 2].
  at::Tensor offsets(const at::Tensor& map_nchw, const at::Tensor& cells_bj);

 private:
  std::shared_ptr<SeparableConvImpl> head(const char* name, std::int64_t outputs);

  std::shared_ptr<SeparableConvImpl> heatmap_, regression_, centre_, offset_;
};

// MoveNet Thunder's own heads and its decoding: the person nearest to the middle of the crop is
// chosen, each joint's heatmap is weighted by the distance from the regressed joint, the peak is
// moved by the offset map.
//
// The 17 joints (COCO's order) come out as heatmaps like any other head's: a Gaussian (sigma 2)
// at each joint whose highest sample is the joint's score, in classic geometry (a cell is 4
// pixels of the crop). So one decoder serves all models.
struct MovenetHeadImpl : MovenetHeadsImpl {
  at::Tensor forward(const at::Tensor& tokens_bnc, std::int64_t tokens_h, std::int64_t tokens_w);
};

// MoveNet Thunder whole and as it is, beside a network over its backbone that has learnt something
// else (config: model.prior, for loss.kind ce): what it finds in the key frame is added to H, as
// logits sharpness_j sqrt(score at the peak) (log score - log distance), moved by the offset at
// their peak: of what Thunder itself is not sure, less is believed. Their softmax is highest where
// Thunder finds the joint. Joints that it does not know get 0. Only the sharpness is trained.
struct MovenetPriorImpl : MovenetHeadsImpl {
  static constexpr int kChannels = 16 * MovenetImpl::kPyramid4;  // of its tokens

  explicit MovenetPriorImpl(const ModelConfig& config);
  void init();
  // Crops [n, 3, H, W] -> its stride-4 map as tokens [n, N, 384], without gradient; zeros but in
  // `rows`, where that is defined.
  at::Tensor tokens(const at::Tensor& crops_nchw, const at::Tensor& rows);
  at::Tensor forward(const at::Tensor& tokens_bnc);  // [B, J, H, W]
  void to_bf16() { backbone_->to_bf16(); }

 private:
  std::int64_t tokens_h_, tokens_w_;
  double cell_;                     // of our heatmaps, in cells of Thunder's
  std::vector<std::int64_t> rows_;  // of each joint in Thunder's; kJoints: none
  std::shared_ptr<MovenetImpl> backbone_;
  at::Tensor sharpness_;  // [17]
};

}  // namespace vremd::model
