// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/vremd.h"
#include "ops/device.h"
#include "train/batch.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vremd::train {

// Mixed precision (METHOD 10.2) on this thread, for the lifetime of the object.
class Autocast {
 public:
  Autocast(bool on, const at::Device& device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
};

// A model and workers that share its parameters; each worker runs some micro-batches of a step.
// Gradients are summed and batch statistics averaged in the order of the micro-batches, so the
// result does not depend on the number of workers.
class Replicas {
 public:
  // On the CPU each worker is a thread; a GPU has a single worker.
  Replicas(std::shared_ptr<model::VremdImpl> model, int workers, const at::Device& device);

  model::VremdImpl& model() { return *replicas_.front(); }
  const at::Device& device() const { return device_; }
  std::size_t size() const { return replicas_.size(); }

  // Loss of a micro-batch, weighted by its share of the step.
  using Loss = std::function<at::Tensor(model::VremdImpl&, TrainBatch&)>;

  // Sums gradients and batch statistics of micro-batches `first` ... `last` - 1 into gradients()
  // and statistics(). Returns the sum of the losses.
  double accumulate(std::int64_t first, std::int64_t last,
                    const std::function<TrainBatch(std::int64_t)>& take, const Loss& loss);

  std::vector<at::Tensor>& gradients() { return gradients_; }    // of trained_parameters()
  std::vector<at::Tensor>& statistics() { return statistics_; }  // sums over micro-batches
  // Writes both to the model; `micro_batches`: number of summands.
  void apply(std::int64_t micro_batches);
  void discard();  // restores the model's statistics

  const std::vector<std::pair<std::string, at::Tensor>>& trained_parameters() const {
    return trained_;
  }

  // Evaluation: body(replica, i) for i = 0 ... count - 1, started in that order on the next free
  // worker.
  template <typename Body>
  void evaluate(std::int64_t count, const Body& body) {
    prepare_evaluation();
    std::atomic<std::int64_t> next = 0;
    on_workers(replicas_.size(), [&](std::size_t worker) {
      ops::prepare_worker();
      at::NoGradGuard no_grad;
      replicas_[worker]->eval();
      try {
        for (std::int64_t i = next++; i < count; i = next++) body(*replicas_[worker], i);
      } catch (...) {
        next = count;  // stops the others
        throw;
      }
    });
  }

 private:
  template <typename Body>
  void on_workers(std::size_t count, const Body& body) {
    arena_.execute([&] {
      oneapi::tbb::parallel_for(std::size_t{0}, count, body, oneapi::tbb::simple_partitioner{});
    });
  }
  // Copies the model's statistics to all replicas and invalidates the packed copies that layers
  // keep of shared parameters (ops/linear.h).
  void prepare_evaluation();

  std::vector<std::shared_ptr<model::VremdImpl>> replicas_;  // [0] is the model
  at::Device device_;
  std::vector<std::pair<std::string, at::Tensor>> trained_;
  std::vector<at::Tensor> gradients_, statistics_, statistics_before_;
  oneapi::tbb::task_arena arena_;
};

}  // namespace vremd::train
