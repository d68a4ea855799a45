// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "eval/pck/pck.h"
#include "eval/pose/joint_ap.h"
#include "io/json.h"
#include "train/config.h"
#include "train/process_group.h"
#include "train/replicas.h"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace vremd::train {

// Scores on annotated people with ground-truth boxes, computed by the code of vremd-eval.
struct ValidationScores {
  eval::Pck pck;                   // PCK@0.2 of the torso (SCORING 8b)
  std::optional<eval::PoseAp> ap;  // PoseTrack AP (SCORING 4), if requested
  std::int64_t substituted = 0;    // neighbours replaced by the key frame (TrainSet::Frames)
  // The same PCK of joints that the annotations call hidden (`occluded`), and of the others.
  struct Visibility {
    eval::PckCount hidden, open;
  };
  Visibility visibility;
  std::vector<std::pair<std::string, Visibility>> without;  // TrainConfig::validate_without

  double body_pck() const;                   // of the 12 body joints, 0...1; 0 if unlabelled
  double best_by(ValidationScore by) const;  // body_pck(), or the total AP, 0...100
  Json to_json() const;                      // {"pck": ..., "joints": {...}, "ap": ..., ...}
};

// The people of config.validate.
data::TrainDataConfig validation_data(const TrainConfig& config);

class Validation {
 public:
  explicit Validation(const TrainConfig& config);

  // Each process predicts its share of the people with the current weights while `loaders` threads
  // prepare the next ones; all processes get the scores. Nullopt if stopped.
  std::optional<ValidationScores> score(Replicas& replicas, ProcessGroup& processes, int loaders,
                                        const std::function<bool()>& stopped,
                                        bool without_parts = false);

  data::TrainSet& set() { return set_; }
  const std::vector<int>& chosen() const { return chosen_; }  // of set().samples()
  // Last predictions: [persons, J, 3] x, y in frame pixels, score.
  const at::Tensor& predictions() const { return predictions_; }

 private:
  void choose(int most);
  // Writes to predictions_ and without_ at `places`.
  void predict(model::VremdImpl& network, const TrainBatch& batch, const at::Device& device,
               std::span<const std::int64_t> places);
  void place(const at::Tensor& points, std::span<const std::int64_t> places,
             const at::Tensor& predictions) const;
  ValidationScores::Visibility by_visibility(const at::Tensor& predictions) const;
  eval::Matching matching() const;
  eval::PoseAp average_precision() const;

  const TrainConfig& config_;
  data::TrainSet set_;
  std::vector<int> chosen_;  // of set_.samples()
  at::Tensor predictions_;
  std::vector<at::Tensor> without_;  // predictions without each of config_.validate_without
};

}  // namespace vremd::train
