// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/joints.h"
#include "model/movenet.h"

namespace vremd {

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
  // score / distance. No gradient reaches the choice of the person.
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

// What Thunder knows about the joints of the key frame, as logits that are added to H (config:
// model.prior, for loss.kind ce): sharpness_j (log score - log distance), moved by the offset at its
// peak. Their softmax is highest where Thunder finds the joint. Joints that it does not know get 0.
struct MovenetPriorImpl : MovenetHeadsImpl {
  explicit MovenetPriorImpl(const JointSet& joints);
  void init();
  at::Tensor forward(const at::Tensor& tokens_bnc, std::int64_t tokens_h,
                     std::int64_t tokens_w);  // [B, J, H, W]

 private:
  std::vector<std::int64_t> rows_;  // of each joint in Thunder's; kJoints: none
  at::Tensor sharpness_;            // [17]
};

}  // namespace vremd
