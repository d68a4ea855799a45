// SPDX-License-Identifier: Apache-2.0
#include "train/load_config.h"

#include "core/error.h"
#include "model/weights.h"
#include "train/presets.h"

namespace vremd::train {
namespace {

// The first key in which the network of a preset is another than that of weights, which became
// `changed` when it was applied; "": none. How a network is trained and started is no part of it.
// `own`: the configuration's "model", which wins over both.
std::string other_network(const model::ModelConfig& weights, const model::ModelConfig& changed,
                          const std::string& preset, const Json& own) {
  const auto shape = [](const model::ModelConfig& model) {
    Json json = model.to_json();
    json["backbone"].erase("freeze");
    json.erase("loss");
    json.erase("init");
    return json;
  };
  const Json changes = Json::diff(shape(weights), shape(changed));
  if (!changes.empty()) return changes[0]["path"].get<std::string>();
  // What the preset leaves at its default: whether there are three frames at all.
  TrainConfig named;
  apply_preset(named, preset);
  const Json theirs = weights.to_json(), ours = named.model.to_json();
  for (const char* place : {"/hkme/enabled", "/bmd/enabled"}) {
    const Json::json_pointer key(place);
    if (!own.contains(key) && theirs[key] != ours[key]) return place;
  }
  return "";
}

// The network of start.weights; nothing if there are none.
std::optional<model::ModelConfig> model_of_weights(const Json& json) {
  const auto start = json.find("start");
  if (start == json.end() || !start->is_object()) return std::nullopt;
  const auto weights = start->find("weights");
  if (weights == start->end() || !weights->is_string() || *weights == "") return std::nullopt;
  const io::SafetensorsFile file(io::find_weights(weights->get<std::string>()));
  model::ModelConfig model = model::stored_config(file).value_or(model::ModelConfig{});
  model.model.trained_joints.reset();  // joints that have labels here are added to them
  return model;
}

}  // namespace

TrainConfig load_train_config(const Json& json, const std::string& place,
                              const std::string& preset) {
  if (!json.is_object()) fail("{}: not a JSON object", place);
  TrainConfig base;
  Json rest = json;
  std::string name = preset;
  if (const auto own = json.find("preset"); own != json.end()) {
    if (!own->is_string()) fail("{}: preset: expected a string", place);
    if (name.empty()) name = own->get<std::string>();
    rest.erase("preset");
  }
  const std::optional<model::ModelConfig> started = model_of_weights(json);
  if (started) base.model = *started;
  if (!name.empty()) {
    apply_preset(base, name);
    const std::string other =
        started ? other_network(*started, base.model, name, json.value("model", Json::object()))
                : "";
    if (!other.empty()) {
      fail("{}: preset {} is of another network than start.weights ({})", place, name, other);
    }
  }
  return TrainConfig::from_json(rest, place, std::move(base));
}

}  // namespace vremd::train
