// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"
#include "train/process_group.h"

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>

namespace vremd::train {

struct TrainerOptions {
  std::string output;  // a folder: config.json, metrics.jsonl, checkpoint, weights, report.html
  bool resume = false;
  at::Device device = at::kCPU;
  int threads = 1;             // workers on the CPU
  double report_seconds = 20;  // between two lines of metrics
  std::function<bool()> stopped = [] { return false; };
};

// Trains a network by the recipe of METHOD 10, alone or as one of several processes.
//
// A step's persons go through the network in micro-batches whose gradients are summed in order, so
// a run with the same seed gives the same weights with any number of threads; with several
// processes the sums are associated otherwise (equal but for rounding). In the output folder, which
// the first process alone writes:
//   checkpoint.safetensors  all that --resume needs: weights, moments, averages, step
//   last.safetensors        the weights (averaged ones with train.ema), after each epoch
//   best.safetensors        those of the epoch with the best validation score
//   metrics.jsonl           one JSON object per report
//   report.html             curves and samples, self-contained, after each epoch
// Each is complete under its name or not there; a stop writes the checkpoint first.
class Trainer {
 public:
  Trainer(TrainConfig config, TrainerOptions options, ProcessGroup processes = {});
  ~Trainer();

  // False: stopped before the end.
  bool run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vremd::train
