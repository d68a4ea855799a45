// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/checkpoint.h"
#include "train/optimizer.h"
#include "train/replicas.h"
#include "train/weight_average.h"

#include <cstdint>
#include <memory>
#include <string>

namespace vremd::train {

// All that a training run has learnt, and how far it is: what a checkpoint holds.
struct Learner {
  // `workers` and `device` as Replicas'.
  Learner(const TrainConfig& config, std::shared_ptr<model::VremdImpl> network, int workers,
          const at::Device& device)
      : replicas(std::move(network), workers, device),
        optimizer(config.train, replicas.trained_parameters()),
        average(replicas.model(), config.train.ema) {}

  // A checkpoint of a run of `config` with this many processes and persons an epoch. resume() is an
  // Error if it is of another run (require_same_run).
  void save(const std::string& path, const TrainConfig& config, std::int64_t processes,
            std::int64_t persons);
  void resume(const std::string& path, const TrainConfig& config, std::int64_t processes,
              std::int64_t persons);

  Replicas replicas;
  Optimizer optimizer;
  WeightAverage average;
  std::int64_t step = 0;         // steps done
  std::int64_t saved_step = -1;  // of the last checkpoint
  std::int64_t substituted = 0;  // neighbours of this epoch that could not be used
  double best = -1;              // validation score
};

}  // namespace vremd::train
