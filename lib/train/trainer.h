// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <functional>
#include <memory>
#include <string>

namespace vremd {

struct TrainerOptions {
  std::string output;  // a folder: config.json, metrics.jsonl, checkpoint, weights
  bool resume = false;
  int threads = 1;
  double report_seconds = 20;  // between two lines of metrics
  std::function<bool()> stopped = [] { return false; };
};

// Trains a network by the recipe of METHOD 10 on the CPU.
//
// The batch is shared out to `threads` workers, each with one ATen thread and a replica that
// shares the parameters; their gradients are summed in order, so a run with the same seed and the
// same number of threads gives the same weights. In the output folder:
//   checkpoint.safetensors  all that --resume needs: weights, moments, averages, step
//   last.safetensors        the weights (averaged ones with train.ema), after each epoch
//   best.safetensors        those of the epoch with the best PCK
//   metrics.jsonl           one JSON object per report
// A stop writes the checkpoint first.
class Trainer {
 public:
  Trainer(TrainConfig config, TrainerOptions options);
  ~Trainer();

  // False: stopped before the end.
  bool run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vremd
