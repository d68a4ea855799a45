// SPDX-License-Identifier: Apache-2.0
#include "train/presets.h"

#include "core/error.h"
#include "model/weights.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace vremd::train {
namespace {

struct Preset {
  const char* name;
  void (*apply)(TrainConfig&);
  bool of_any_network = false;  // sets the training only
};

void paper(TrainConfig&) {}  // the defaults

void recommended(TrainConfig& c) {
  c.train.warmup = 500;
  c.train.clip = 1e-3;  // on the mean loss
  c.train.wd_on = WeightDecayOn::kMatrices;
}

void without_keypoints(TrainConfig& c) {
  c.model.hkme.keypoint.mask = c.model.hkme.keypoint.tokens = false;
}

constexpr Preset kPresets[] = {
    {"paper_strict",
     [](TrainConfig& c) {
       c.model.geometry = ops::Geometry::kClassic;
       c.model.hkme.human.activation = model::HumanActivation::kLiteral;
       c.model.hkme.keypoint.scale = model::KeypointScale::kNone;
       c.model.hkme.keypoint.norm = model::KeypointNorm::kLiteral;
       c.model.hkme.reduce = model::TokenReduction::kToken;
       c.train.amp = Amp::kBackbone;
     }},
    {"paper", paper},
    {"recommended", recommended},
    {"accuracy", recommended},
    {"dcpose_protocol",
     [](TrainConfig& c) {
       c.model.geometry = ops::Geometry::kClassic;
       c.aug.rotation.limit = 90;
     }},
    {"jm_protocol",  // its flip-test shift assumes these crops
     [](TrainConfig& c) { c.model.geometry = ops::Geometry::kClassic; }},
    {"mmpose_protocol", paper},
    {"vitpose_coco",
     [](TrainConfig& c) {  // METHOD 10.3, without the layer-wise decay
       c.model.geometry = ops::Geometry::kUdp;
       c.model.hkme.enabled = c.model.bmd.enabled = false;
       c.model.model.joints = "coco17";
       c.model.backbone.freeze = false;
       c.train.epochs = 210;
       c.train.milestones = {170, 200};
       c.train.lr = 5e-4;
       c.train.wd = 0.1;
       c.train.warmup = 500;
       c.train.clip = 1;
       c.train.batch = 64;
       c.train.accum = 8;
     }},
    {"table4_baseline", [](TrainConfig& c) { c.model.hkme.enabled = c.model.bmd.enabled = false; }},
    {"table4_a", [](TrainConfig& c) { c.model.bmd.enabled = false; }},
    {"table4_b", [](TrainConfig& c) { c.model.hkme.enabled = false; }},
    {"table4_c", paper},
    {"table5_a",
     [](TrainConfig& c) {
       c.model.hkme.human.enabled = false;
       without_keypoints(c);
     }},
    {"table5_b", without_keypoints},
    {"table5_c", [](TrainConfig& c) { c.model.hkme.human.enabled = false; }},
    {"table5_d", paper},
    {"table6_a",
     [](TrainConfig& c) {
       c.model.bmd.op = model::MotionOp::kDc;
       c.model.bmd.ca.enabled = c.model.bmd.separate = false;
     }},
    {"table6_b",
     [](TrainConfig& c) {
       c.model.bmd.op = model::MotionOp::kDa;
       c.model.bmd.separate = false;
     }},
    {"table6_c", [](TrainConfig& c) { c.model.bmd.separate = false; }},
    {"table6_d", paper},
    {"fine_tune",  // a trained model, for some hundred to some thousand people
     [](TrainConfig& c) {
       c.train.epochs = 10;
       c.train.lr = 2e-4;
       c.train.schedule = Schedule::kCosine;
       c.train.warmup = 50;
       c.train.batch = 16;
       c.train.micro_batch = 8;
       c.train.clip = 1;
       c.train.wd_on = WeightDecayOn::kMatrices;
       c.train.ema = 0.99;
     },
     /*of_any_network=*/true},
    {"narrow",
     [](TrainConfig& c) {
       auto& hkme = c.model.hkme;
       hkme.depth_h = hkme.depth_k = hkme.depth_s = hkme.depth_t = 1;
       c.model.bmd.blocks = 1;
       c.model.bmd.share_directions = true;
     }},
    {"deep",
     [](TrainConfig& c) {
       auto& hkme = c.model.hkme;
       hkme.depth_h = hkme.depth_k = 4;
       hkme.depth_s = hkme.depth_t = 2;
       c.model.bmd.blocks = 4;
     }},
};

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.push_back(preset.name);
  return names;
}

void apply_preset(TrainConfig& config, const std::string& name) {
  for (const Preset& preset : kPresets) {
    if (preset.name == name) return preset.apply(config);
  }
  fail("preset '{}': not one of: {}", excerpt(name), fmt::join(preset_names(), " "));
}

namespace {

// The first key in which `changed`, the network of `weights` after applying the preset, differs
// from it; "" if equal. Training and initialisation keys are ignored. `own` is the "model" object
// of the configuration, which overrides both.
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
  // Applying a preset does not reset these to the default, three frames.
  TrainConfig named;
  apply_preset(named, preset);
  const Json theirs = weights.to_json(), ours = named.model.to_json();
  for (const char* place : {"/hkme/enabled", "/bmd/enabled"}) {
    const Json::json_pointer key(place);
    if (!own.contains(key) && theirs[key] != ours[key]) return place;
  }
  return "";
}

// The network of start.weights, if set.
std::optional<model::ModelConfig> model_of_weights(const Json& json) {
  const auto start = json.find("start");
  if (start == json.end() || !start->is_object()) return std::nullopt;
  const auto weights = start->find("weights");
  if (weights == start->end() || !weights->is_string() || *weights == "") return std::nullopt;
  model::ModelConfig model =
      model::stored_config(weights->get<std::string>()).value_or(model::ModelConfig{});
  model.model.trained_joints.reset();  // name_trained_joints() merges them with the labelled ones
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
    const bool of_any_network =
        std::ranges::find(kPresets, name, &Preset::name)->of_any_network;  // apply_preset found it
    const std::string other =
        started && !of_any_network
            ? other_network(*started, base.model, name, json.value("model", Json::object()))
            : "";
    if (!other.empty()) {
      fail("{}: preset {} has a different network than start.weights ({})", place, name, other);
    }
  }
  return TrainConfig::from_json(rest, place, std::move(base));
}

}  // namespace vremd::train
