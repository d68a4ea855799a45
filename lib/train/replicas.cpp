// SPDX-License-Identifier: Apache-2.0
#include "train/replicas.h"

#include "ops/device.h"

#include <ATen/autocast_mode.h>
#include <ATen/ops/zeros_like.h>

namespace vremd::train {
namespace {

std::vector<at::Tensor> buffers_of(const model::VremdImpl& model) {
  std::vector<at::Tensor> result;
  for (const auto& item : model.named_buffers()) result.push_back(item.value());
  return result;
}

void copy(const std::vector<at::Tensor>& from, const std::vector<at::Tensor>& to) {
  at::NoGradGuard no_grad;
  for (std::size_t b = 0; b < from.size(); ++b) to[b].copy_(from[b]);
}

}  // namespace

Autocast::Autocast(bool on, const at::Device& device) : device_(device.type()) {
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_enabled(device_, on);
}

Autocast::~Autocast() {
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

Replicas::Replicas(std::shared_ptr<model::VremdImpl> model, int workers, const at::Device& device)
    : device_(device), arena_(device.is_cpu() ? workers : 1) {
  model->to(device);
  replicas_.push_back(model);
  const auto parameters = model->named_parameters();
  for (int i = 1; device.is_cpu() && i < workers; ++i) {
    auto replica = std::make_shared<model::VremdImpl>(model->config);
    replica->project_features = model->project_features;
    for (auto& item : replica->named_parameters()) {
      const at::Tensor& own = parameters[item.key()];
      item.value().set_data(own);
      item.value().requires_grad_(own.requires_grad());
    }
    replicas_.push_back(replica);
  }
  for (const auto& item : parameters) {
    if (!item.value().requires_grad()) continue;
    trained_.emplace_back(item.key(), item.value());
    gradients_.push_back(at::zeros_like(item.value()));
  }
  for (const at::Tensor& buffer : buffers_of(*model)) {
    statistics_.push_back(at::zeros_like(buffer));
    statistics_before_.push_back(at::zeros_like(buffer));
  }
}

double Replicas::accumulate(std::int64_t first, std::int64_t last,
                            const std::function<TrainBatch(std::int64_t)>& take, const Loss& loss) {
  {
    at::NoGradGuard no_grad;
    for (at::Tensor& sum : gradients_) sum.zero_();
    for (at::Tensor& sum : statistics_) sum.zero_();
    copy(buffers_of(model()), statistics_before_);
  }
  double total = 0;
  const auto count = static_cast<std::int64_t>(replicas_.size());
  for (std::int64_t wave = first; wave < last; wave += count) {
    const auto busy = static_cast<std::size_t>(std::min(count, last - wave));
    std::vector<double> losses(busy);
    on_workers(busy, [&](std::size_t worker) {
      ops::prepare_worker();
      model::VremdImpl& replica = *replicas_[worker];
      TrainBatch batch = take(wave + static_cast<std::int64_t>(worker));
      replica.train();
      copy(statistics_before_, buffers_of(replica));
      for (auto& parameter : replica.parameters()) parameter.mutable_grad() = at::Tensor();
      const at::Tensor one = loss(replica, batch);
      one.backward();
      losses[worker] = one.item<double>();
    });
    at::NoGradGuard no_grad;
    for (std::size_t worker = 0; worker < busy; ++worker) {
      total += losses[worker];
      std::size_t p = 0;
      for (const auto& item : replicas_[worker]->named_parameters()) {
        if (!item.value().requires_grad()) continue;
        at::Tensor& sum = gradients_[p++];
        if (item.value().grad().defined()) sum.add_(item.value().grad());
      }
      const auto buffers = buffers_of(*replicas_[worker]);
      for (std::size_t b = 0; b < buffers.size(); ++b) statistics_[b].add_(buffers[b]);
    }
  }
  return total;
}

void Replicas::apply(std::int64_t micro_batches) {
  at::NoGradGuard no_grad;
  for (std::size_t p = 0; p < trained_.size(); ++p) {
    trained_[p].second.mutable_grad() = gradients_[p];
  }
  const auto buffers = buffers_of(model());
  for (std::size_t b = 0; b < buffers.size(); ++b) {
    buffers[b].copy_(statistics_[b]).div_(static_cast<double>(micro_batches));
  }
}

void Replicas::discard() { copy(statistics_before_, buffers_of(model())); }

void Replicas::prepare_evaluation() {
  const auto own = buffers_of(model());
  for (std::size_t i = 1; i < replicas_.size(); ++i) {
    copy(own, buffers_of(*replicas_[i]));
    // They share the values of the model's, but not their version counter.
    for (const at::Tensor& parameter : replicas_[i]->parameters()) {
      parameter.unsafeGetTensorImpl()->bump_version();
    }
  }
}

}  // namespace vremd::train
