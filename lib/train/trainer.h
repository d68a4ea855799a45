// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"
#include "train/process_group.h"

#include <functional>
#include <string>

namespace vremd::train {

struct TrainerOptions {
  std::string output;  // directory: config.json, metrics.jsonl, checkpoint, weights, report.html
  bool resume = false;
  at::Device device = at::kCPU;
  int threads = 1;             // workers on the CPU
  double report_seconds = 20;  // between lines of metrics
  std::function<bool()> stopped = [] { return false; };
};

// Trains a network by the recipe of METHOD 10, as a single process or one of several.
//
// Gradients of micro-batches are summed in a fixed order, so the weights depend on the seed but not
// on the number of threads; with several processes the order of summation differs (equal up to
// rounding). Only the first process writes the output directory:
//   checkpoint.safetensors  everything --resume needs: weights, moments, averages, step
//   last.safetensors        weights (averaged with train.ema) after each epoch
//   best.safetensors        weights of the epoch with the best validation score
//   metrics.jsonl           one JSON object per report
//   report.html             curves and samples, self-contained, after each epoch
// Files are replaced atomically; a stopped run writes a checkpoint first.
//
// False if stopped before the end.
bool run_training(TrainConfig config, TrainerOptions options, ProcessGroup processes = {});

// Dry run: prints the numbers of people, labels and steps and the first missing files, and draws
// some augmented samples with their targets to `folder`/samples.png. False: files are missing.
bool preview(const TrainConfig& config, const std::string& folder);

}  // namespace vremd::train
