// SPDX-License-Identifier: Apache-2.0
#include "train/optimizer.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>

namespace vremd::train {

double learning_rate_factor(const TrainConfig::Train& config, double step, double steps,
                            double steps_per_epoch, double warmup) {
  const double start = warmup > 0 ? std::min(1.0, (step + 1) / warmup) : 1;
  if (config.schedule == Schedule::kCosine) {
    return start * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, step / steps)));
  }
  double factor = start;
  for (const double milestone : config.milestones) {
    if (step >= milestone * steps_per_epoch) factor *= config.gamma;
  }
  return factor;
}

bool is_backbone(const std::string& parameter) { return parameter.starts_with("backbone."); }

bool is_matrix(const std::string& parameter, const at::Tensor& tensor) {
  for (const char* embedding : {"token", "temporal_embed", "pos_embed"}) {
    if (parameter.ends_with(embedding)) return false;
  }
  return tensor.dim() >= 2;
}

Optimizer::Optimizer(const TrainConfig::Train& config,
                     const std::vector<std::pair<std::string, at::Tensor>>& parameters)
    : config_(config) {
  // Descending, so that the modules' group is last.
  std::map<std::pair<bool, bool>, Group, std::greater<>> groups;
  for (const auto& [name, tensor] : parameters) {
    const bool backbone = is_backbone(name);
    const bool decayed = config.wd_on == WeightDecayOn::kAll || is_matrix(name, tensor);
    Group& group = groups[{backbone, decayed}];
    group.lr = backbone && config.backbone_lr > 0 ? config.backbone_lr : config.lr;
    group.warmup = backbone && config.backbone_warmup > 0 ? config.backbone_warmup : config.warmup;
    group.parameters.emplace_back(name, tensor);
  }
  std::vector<torch::optim::OptimizerParamGroup> parameter_groups;
  for (auto& [kind, group] : groups) {
    auto options = std::make_unique<torch::optim::AdamWOptions>(group.lr);
    options->weight_decay(kind.second ? config.wd : 0);
    std::vector<at::Tensor> tensors;
    for (const auto& [name, tensor] : group.parameters) tensors.push_back(tensor);
    groups_.push_back(std::move(group));
    parameter_groups.emplace_back(std::move(tensors), std::move(options));
  }
  adamw_ = std::make_unique<torch::optim::AdamW>(parameter_groups,
                                                 torch::optim::AdamWOptions(config.lr));
}

double Optimizer::step(std::int64_t step, std::int64_t steps, double steps_per_epoch) {
  double norm = 0;
  {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> gradients, norms;
    for (const Group& group : groups_) {
      for (const auto& [name, tensor] : group.parameters) {
        gradients.push_back(tensor.grad());
        norms.push_back(tensor.grad().norm());
      }
    }
    if (!norms.empty()) norm = at::stack(norms).to(at::kDouble).norm().item<double>();
    if (!std::isfinite(norm)) return norm;
    if (config_.clip > 0 && norm > config_.clip) {
      for (at::Tensor& gradient : gradients) gradient.mul_(config_.clip / (norm + 1e-6));
    }
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const double factor =
        learning_rate_factor(config_, static_cast<double>(step), static_cast<double>(steps),
                             steps_per_epoch, groups_[g].warmup);
    adamw_->param_groups()[g].options().set_lr(groups_[g].lr * factor);
  }
  adamw_->step();
  return norm;
}

double Optimizer::learning_rate() const { return adamw_->param_groups().back().options().get_lr(); }

void Optimizer::store(std::map<std::string, at::Tensor>& tensors) const {
  for (const Group& group : groups_) {
    for (const auto& [name, tensor] : group.parameters) {
      const auto found = adamw_->state().find(tensor.unsafeGetTensorImpl());
      if (found == adamw_->state().end()) continue;
      auto& moments = static_cast<torch::optim::AdamWParamState&>(*found->second);
      tensors["exp_avg." + name] = moments.exp_avg();
      tensors["exp_avg_sq." + name] = moments.exp_avg_sq();
    }
  }
}

void Optimizer::restore(const std::map<std::string, at::Tensor>& tensors, std::int64_t step) {
  for (const Group& group : groups_) {
    for (const auto& [name, tensor] : group.parameters) {
      const auto first = tensors.find("exp_avg." + name);
      const auto second = tensors.find("exp_avg_sq." + name);
      if (first == tensors.end() || second == tensors.end()) continue;
      auto moments = std::make_unique<torch::optim::AdamWParamState>();
      moments->step(step);
      moments->exp_avg(first->second.to(tensor.device(), /*dtype=*/at::kFloat, false, true));
      moments->exp_avg_sq(second->second.to(tensor.device(), at::kFloat, false, true));
      adamw_->state()[tensor.unsafeGetTensorImpl()] = std::move(moments);
    }
  }
}

}  // namespace vremd::train
