// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/checkpoint.h"
#include "train/optimizer.h"
#include "train/replicas.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace vremd::train {

// The exponential moving average of a model's parameters and batch statistics (train.ema).
class WeightAverage {
 public:
  using State = std::map<std::string, at::Tensor>;

  // `model` must outlive this object. `decay` 0 disables the average; all functions are no-ops.
  WeightAverage(const torch::nn::Module& model, double decay);

  const State& average() const { return average_; }  // empty if disabled

  // Call after step `steps` (from 1). The decay ramps up over the first steps.
  void update(std::int64_t steps);

  // Swaps the average into the model for the lifetime of the object.
  class InModel {
   public:
    explicit InModel(const WeightAverage& average);
    ~InModel();
    InModel(const InModel&) = delete;
    InModel& operator=(const InModel&) = delete;

   private:
    const WeightAverage& average_;
    State kept_;
  };

 private:
  double decay_;
  State model_, average_;
};

// The state of a training run that a checkpoint stores.
struct Learner {
  // `workers` and `device` as for Replicas.
  Learner(const TrainConfig& config, std::shared_ptr<model::VremdImpl> network, int workers,
          const at::Device& device)
      : replicas(std::move(network), workers, device),
        optimizer(config.train, replicas.trained_parameters()),
        average(replicas.model(), config.train.ema) {}

  // Checkpoint of a run of `config` with this many processes and persons per epoch. resume() is an
  // Error if the checkpoint belongs to another run (require_same_run).
  void save(const std::string& path, const TrainConfig& config, std::int64_t processes,
            std::int64_t persons);
  void resume(const std::string& path, const TrainConfig& config, std::int64_t processes,
              std::int64_t persons);

  Replicas replicas;
  Optimizer optimizer;
  WeightAverage average;
  std::int64_t step = 0;         // completed steps
  std::int64_t saved_step = -1;  // of the last checkpoint
  std::int64_t substituted = 0;  // neighbours replaced by the key frame in this epoch
  double best = -1;              // best validation score
};

}  // namespace vremd::train
