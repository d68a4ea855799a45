// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/config.h"
#include "model/movenet.h"

#include <functional>

namespace vremd::model {

// MoveNet Thunder's four heads. They read the stride-4 map, [B, 24, 4 tokens_h, 4 tokens_w].
struct MovenetHeadsImpl : Module {
  static constexpr int kJoints = 17;  // COCO's order

  MovenetHeadsImpl();
  // Extracts the stride-4 map, the first channels of the tokens.
  static at::Tensor pyramid_4(const at::Tensor& tokens_bnc, std::int64_t tokens_h,
                              std::int64_t tokens_w);
  at::Tensor logits(const at::Tensor& map_nchw);  // [B, 17, H, W]; sigmoid: the scores
  // Distance of each cell, in cells, from the regressed joint of the person nearest to the centre
  // of the crop, plus the graph's 1.8: [B, 17, H, W]. Thunder maximises score / distance.
  at::Tensor distances(const at::Tensor& map_nchw);
  // (y, x) from the cell [B, 17] of each joint to the joint, in cells: [B, 17, 2].
  at::Tensor offsets(const at::Tensor& map_nchw, const at::Tensor& cells_bj);

 private:
  std::shared_ptr<SeparableConvImpl> head(const char* name, std::int64_t outputs);

  std::shared_ptr<SeparableConvImpl> heatmap_, regression_, centre_, offset_;
};

// MoveNet Thunder's heads and decoding: selects the person nearest to the centre of the crop,
// weights each heatmap by the distance from the regressed joint and shifts the peak by the offset
// map.
//
// The 17 joints (COCO's order) are rendered as heatmaps, so that one decoder serves all models: a
// Gaussian (sigma 2) per joint whose largest sample is its score, in classic geometry (a cell is 4
// pixels of the crop).
struct MovenetHeadImpl : MovenetHeadsImpl {
  at::Tensor forward(const at::Tensor& tokens_bnc, std::int64_t tokens_h, std::int64_t tokens_w);
};

// The unmodified MoveNet Thunder as a prior of a network over its backbone (model.prior, for
// loss.kind ce). Its result for the key frame is added to H, as logits
//   sharpness_j sqrt(score at the peak) (log score - log distance),
// shifted by the offset at the peak: low scores count less. Their softmax is highest at Thunder's
// joint. Joints that it lacks get 0. Only the sharpness is trained.
struct MovenetPriorImpl : MovenetHeadsImpl {
  static constexpr int kChannels = 16 * MovenetImpl::kPyramid4;  // of its tokens

  explicit MovenetPriorImpl(const ModelConfig& config);
  void init();
  // Crops [n, 3, H, W] -> the stride-4 map as tokens [n, N, 384], without gradient; if `rows` is
  // defined, the other rows are zeros.
  at::Tensor tokens(const at::Tensor& crops_nchw, const at::Tensor& rows);
  // The same from the low map of a backbone with the same first layers: same_low().
  at::Tensor tokens_of_low(const at::Tensor& low_nchw, const at::Tensor& rows);
  bool same_low(const MovenetImpl& other) const { return backbone_->same_low(other); }
  at::Tensor forward(const at::Tensor& tokens_bnc);  // [B, J, H, W]
  void to_bf16() { backbone_->to_bf16(); }

 private:
  // `map_of`: from some rows of `input` to their stride-4 maps.
  at::Tensor tokens_of_rows(const at::Tensor& input, const at::Tensor& rows,
                            const std::function<at::Tensor(const at::Tensor&)>& map_of) const;

  std::int64_t tokens_h_, tokens_w_;
  double cell_;                     // of the heatmaps, in cells of Thunder's
  std::vector<std::int64_t> rows_;  // Thunder's index of each joint; kJoints: absent
  std::shared_ptr<MovenetImpl> backbone_;
  at::Tensor sharpness_;  // [17]
};

}  // namespace vremd::model
