// SPDX-License-Identifier: Apache-2.0
#pragma once

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

// What a checkpoint stores besides tensors.
struct Progress {
  std::int64_t step = 0;                    // completed steps
  double best = -1;                         // best validation score so far
  std::int64_t substituted = 0;             // neighbours replaced by the key frame in this epoch
  std::int64_t processes = 1, persons = 0;  // processes per step; persons per epoch
  std::string config;                       // of the run, JSON text
};

struct Checkpoint : Progress {
  std::map<std::string, at::Tensor> tensors;  // float32
};

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);  // atomically
Checkpoint load_checkpoint(const std::string& path);

// Error unless `config`, `processes` and `persons` match the checkpoint; settings that do not
// affect the weights may differ.
void require_same_run(const Checkpoint& checkpoint, const std::string& path,
                      const TrainConfig& config, std::int64_t processes, std::int64_t persons);

// The state of a training run.
struct Learner : Progress {
  // `workers` and `device` as for Replicas; `processes_in` train on `persons_in` persons per epoch.
  Learner(const TrainConfig& config_in, std::shared_ptr<model::VremdImpl> network, int workers,
          const at::Device& device, std::int64_t processes_in, std::int64_t persons_in)
      : Progress{.processes = processes_in,
                 .persons = persons_in,
                 .config = config_in.to_json().dump()},
        replicas(std::move(network), workers, device),
        optimizer(config_in.train, replicas.trained_parameters()),
        average(replicas.model(), config_in.train.ema) {}

  void save(const std::string& path);
  // Error: the checkpoint belongs to another run (require_same_run).
  void resume(const std::string& path, const TrainConfig& same);

  Replicas replicas;
  Optimizer optimizer;
  WeightAverage average;
  std::int64_t saved_step = -1;  // of the last checkpoint
};

}  // namespace vremd::train
