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

// What a network scores on annotated people whose boxes are given, by vremd-eval's own code.
struct ValidationScores {
  eval::Pck pck;                   // PCK@0.2 of the torso (EVAL 8b)
  std::optional<eval::PoseAp> ap;  // PoseTrack AP (EVAL 4), where it was asked for
  std::int64_t substituted = 0;    // neighbours that could not be used (TrainSet::Frames)

  double body_pck() const;                   // of the 12 body joints, 0...1; 0 without any
  double best_by(ValidationScore by) const;  // body_pck(), or the total AP, 0...100
  Json to_json() const;                      // {"pck": ..., "joints": {...}, "ap": ..., ...}
};

class Validation {
 public:
  explicit Validation(const TrainConfig& config);

  // Each process predicts its share of the people, while `loaders` threads read and crop the next
  // ones; all get the scores. With the weights that are in the model. Nothing: stopped meanwhile.
  std::optional<ValidationScores> score(Replicas& replicas, ProcessGroup& processes, int loaders,
                                        const std::function<bool()>& stopped);

  data::TrainSet& set() { return set_; }
  const std::vector<int>& chosen() const { return chosen_; }  // of set().samples()
  // People as they were predicted last: [persons, J, 3] x, y in frame pixels, score.
  const at::Tensor& predictions() const { return predictions_; }

 private:
  void choose(int most);
  void predict(model::VremdImpl& network, const TrainBatch& batch, const at::Device& device,
               std::span<const std::int64_t> places);
  eval::Matching matching() const;
  eval::PoseAp average_precision() const;

  const TrainConfig& config_;
  data::TrainSet set_;
  std::vector<int> chosen_;  // of set_.samples()
  at::Tensor predictions_;
};

// The joints of crops' heatmaps [n, J, h, w] (what `probabilities` gives): [n, J, 3], heatmap
// pixels, by the model's default decoder (METHOD 2.2).
at::Tensor decode_heatmaps(const at::Tensor& probabilities, const model::ModelConfig& model);

}  // namespace vremd::train
