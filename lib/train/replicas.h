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
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vremd::train {

// Mixed precision where it pays (METHOD 10.2), on this thread, for the life of the object.
class Autocast {
 public:
  Autocast(bool on, const at::Device& device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
};

// A model and workers that share its parameters: each worker runs forward and backward on some
// micro-batches of a step. Gradients are summed in the order of the micro-batches, and batch
// statistics are averaged over them, so the result does not depend on the number of workers.
class Replicas {
 public:
  // On the CPU each worker is a thread; on a GPU there is one.
  Replicas(std::shared_ptr<model::VremdImpl> model, int workers, const at::Device& device);

  model::VremdImpl& model() { return *replicas_.front(); }
  const at::Device& device() const { return device_; }
  std::size_t size() const { return replicas_.size(); }

  // The loss of a micro-batch, already weighted with its share of the step.
  using Loss = std::function<at::Tensor(model::VremdImpl&, TrainBatch&)>;

  // Gradients and batch statistics of micro-batches `first` ... `last` - 1: into gradients() and
  // statistics(); gives the sum of the losses.
  double accumulate(std::int64_t first, std::int64_t last,
                    const std::function<TrainBatch(std::int64_t)>& take, const Loss& loss);

  std::vector<at::Tensor>& gradients() { return gradients_; }    // of trained_parameters()
  std::vector<at::Tensor>& statistics() { return statistics_; }  // sums over micro-batches
  // Puts both into the model; `micro_batches`: how many the sums are of.
  void apply(std::int64_t micro_batches);
  void discard();  // instead: the model's statistics as they were before

  const std::vector<std::pair<std::string, at::Tensor>>& trained_parameters() const {
    return trained_;
  }

  // Evaluation: body(replica, i) for i = 0 ... count - 1, in that order, each by the worker that is
  // free first.
  template <typename Body>
  void evaluate(std::int64_t count, const Body& body) {
    copy_statistics();
    notice_changes();
    std::atomic<std::int64_t> next = 0;
    on_workers(replicas_.size(), [&](std::size_t worker) {
      ops::prepare_worker();
      at::NoGradGuard no_grad;
      replicas_[worker]->eval();
      try {
        for (std::int64_t i = next++; i < count; i = next++) body(*replicas_[worker], i);
      } catch (...) {
        next = count;  // for the others
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
  void copy_statistics();  // the model's to all replicas
  void notice_changes();   // of shared parameters: layers keep packed copies (ops/linear.h)

  std::vector<std::shared_ptr<model::VremdImpl>> replicas_;  // [0] is the model
  at::Device device_;
  std::vector<std::pair<std::string, at::Tensor>> trained_;
  std::vector<at::Tensor> gradients_, statistics_, statistics_before_;
  oneapi::tbb::task_arena arena_;
};

}  // namespace vremd::train
