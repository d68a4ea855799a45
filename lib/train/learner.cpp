// SPDX-License-Identifier: Apache-2.0
#include "train/learner.h"

#include "core/error.h"
#include "core/text.h"
#include "io/json_file.h"
#include "model/weights.h"
#include "ops/stored_tensors.h"

#include <algorithm>

namespace vremd::train {
namespace {

WeightAverage::State cloned(const WeightAverage::State& state) {
  WeightAverage::State copy;
  for (const auto& [name, tensor] : state) copy[name] = tensor.detach().clone();
  return copy;
}

void copy(const WeightAverage::State& from, const WeightAverage::State& to) {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : from) to.at(name).detach().copy_(tensor);
}

void store_state(const std::map<std::string, at::Tensor>& state, const std::string& prefix,
                 Checkpoint& checkpoint) {
  for (const auto& [name, tensor] : state) checkpoint.tensors[prefix + name] = tensor;
}

void restore_state(const Checkpoint& checkpoint, const std::string& path, const std::string& prefix,
                   const std::map<std::string, at::Tensor>& state) {
  at::NoGradGuard no_grad;
  for (const auto& [name, own] : state) {
    const auto found = checkpoint.tensors.find(prefix + name);
    if (found == checkpoint.tensors.end()) fail("{}: no tensor {}{}", path, prefix, name);
    own.detach().copy_(found->second);
  }
}

// The configuration without the keys that may change when a run is resumed.
Json decisive(const TrainConfig& config) {
  Json json = config.to_json();
  for (const char* key : {"checkpoint_minutes", "loaders", "prefetch", "frame_mib"}) {
    json["train"].erase(key);
  }
  json.erase("validate_missing");  // a run with "error" has no replaced neighbours
  for (Json& one : json["data"]) one.erase("missing");
  return json;
}

}  // namespace

WeightAverage::WeightAverage(const torch::nn::Module& model, double decay) : decay_(decay) {
  if (decay <= 0) return;
  model_ = model::state_of(model);
  average_ = cloned(model_);
}

void WeightAverage::update(std::int64_t steps) {
  at::NoGradGuard no_grad;
  const double age = static_cast<double>(steps);
  const double decay = std::min(decay_, (1 + age) / (10 + age));
  for (auto& [name, tensor] : average_) tensor.lerp_(model_.at(name).detach(), 1 - decay);
}

WeightAverage::InModel::InModel(const WeightAverage& average)
    : average_(average), kept_(cloned(average.model_)) {
  copy(average.average_, average.model_);
}

WeightAverage::InModel::~InModel() { copy(kept_, average_.model_); }

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  ops::StoredTensors stored(path);
  for (const auto& [name, tensor] : checkpoint.tensors) stored.add(name, tensor);
  stored.write({{"kind", "checkpoint"},
                {"step", std::to_string(checkpoint.step)},
                {"processes", std::to_string(checkpoint.processes)},
                {"persons", std::to_string(checkpoint.persons)},
                {"substituted", std::to_string(checkpoint.substituted)},
                {"best", fmt::format("{}", checkpoint.best)},
                {"config", checkpoint.config}});
}

Checkpoint load_checkpoint(const std::string& path) {
  const io::SafetensorsFile file(path);
  const auto text = [&](const char* key) -> const std::string& {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) fail("{}: not a checkpoint (no \"{}\")", path, key);
    return found->second;
  };
  const auto number = [&](const char* key, auto& value) {
    const auto found = number_from<std::remove_reference_t<decltype(value)>>(text(key));
    if (!found) fail("{}: {}: '{}' is not a number", path, key, excerpt(text(key)));
    value = *found;
  };
  if (text("kind") != "checkpoint") fail("{}: not a checkpoint", path);
  Checkpoint checkpoint;
  number("step", checkpoint.step);
  number("processes", checkpoint.processes);
  number("persons", checkpoint.persons);
  number("substituted", checkpoint.substituted);
  number("best", checkpoint.best);
  checkpoint.config = text("config");
  for (const auto& [name, view] : file.tensors()) {
    checkpoint.tensors[name] = ops::to_tensor(view.shape, view.to_float());
  }
  return checkpoint;
}

void require_same_run(const Checkpoint& checkpoint, const std::string& path,
                      const TrainConfig& config, std::int64_t processes, std::int64_t persons) {
  const std::string place = path + ": config";
  const TrainConfig before =
      TrainConfig::from_json(io::parse_json(checkpoint.config, place), place);
  const Json changes = Json::diff(decisive(before), decisive(config));
  if (!changes.empty()) {
    fail("{}: was trained with another configuration ({})", path,
         changes[0]["path"].get<std::string>());
  }
  if (checkpoint.processes != processes || checkpoint.persons != persons) {
    fail("{}: was trained by {} processes on {} persons an epoch, not by {} on {}", path,
         checkpoint.processes, checkpoint.persons, processes, persons);
  }
}

void Learner::save(const std::string& path) {
  Checkpoint checkpoint{*this, {}};
  store_state(model::state_of(replicas.model()), "model.", checkpoint);
  store_state(average.average(), "ema.", checkpoint);
  optimizer.store(checkpoint.tensors);
  save_checkpoint(path, checkpoint);
  saved_step = step;
}

void Learner::resume(const std::string& path, const TrainConfig& same) {
  const Checkpoint checkpoint = load_checkpoint(path);
  require_same_run(checkpoint, path, same, processes, persons);
  restore_state(checkpoint, path, "model.", model::state_of(replicas.model()));
  restore_state(checkpoint, path, "ema.", average.average());
  optimizer.restore(checkpoint.tensors, checkpoint.step);
  step = saved_step = checkpoint.step;
  best = checkpoint.best;
  substituted = checkpoint.substituted;
}

}  // namespace vremd::train
