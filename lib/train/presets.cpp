// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "train/config.h"

#include <algorithm>
#include <functional>

namespace vremd {
namespace {

void recommend(TrainConfig& c) {
  c.train.warmup = 500;
  c.train.clip = 1e-3;  // on the mean loss
  c.train.wd_on = "matrices";
}

struct Preset {
  const char* name;
  std::function<void(TrainConfig&)> train;  // beside the network's part (model/config.h)
};

const std::vector<Preset>& presets() {
  const auto paper = [](TrainConfig&) {};  // the defaults
  static const std::vector<Preset> kPresets = {
      {"paper_strict", [](TrainConfig& c) { c.train.amp = "backbone"; }},
      {"paper", paper},
      {"recommended", recommend},
      {"accuracy", recommend},
      {"dcpose_protocol", [](TrainConfig& c) { c.aug.rotation.limit = 90; }},
      {"jm_protocol", paper},
      {"mmpose_protocol", paper},
      {"vitpose_coco",
       [](TrainConfig& c) {  // METHOD 10.3, without the layer-wise decay
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
      {"table4_baseline", paper},
      {"table4_a", paper},
      {"table4_b", paper},
      {"table4_c", paper},
      {"table5_a", paper},
      {"table5_b", paper},
      {"table5_c", paper},
      {"table5_d", paper},
      {"table6_a", paper},
      {"table6_b", paper},
      {"table6_c", paper},
      {"table6_d", paper},
      {"narrow", paper},
      {"deep", paper},
  };
  return kPresets;
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

void apply_preset(TrainConfig& config, const std::string& name) {
  const auto found = std::find_if(presets().begin(), presets().end(),
                                  [&](const Preset& preset) { return preset.name == name; });
  if (found == presets().end()) {
    std::string list;
    for (const std::string& one : preset_names()) list += " " + one;
    fail("preset '{}': not one of:{}", name, list);
  }
  apply_model_preset(config.model, name);
  found->train(config);
}

}  // namespace vremd
