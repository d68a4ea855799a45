// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include "core/error.h"
#include "io/json_file.h"
#include "ops/stored_tensors.h"

#include <charconv>

namespace vremd::train {
namespace {

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
    const std::string& digits = text(key);
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc() || stop != end) {
      fail("{}: {}: '{}' is not a number", path, key, excerpt(digits));
    }
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

}  // namespace vremd::train
