// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include "core/error.h"
#include "io/json_file.h"
#include "model/vremd.h"
#include "ops/stored_tensors.h"

namespace vremd::model {
namespace {

ModelConfig config_of(const io::SafetensorsFile& file) {
  const auto& metadata = file.metadata();
  const auto kind = metadata.find("kind");
  if (kind == metadata.end())
    fail("{}: weights of another project; import them by vremd-convert weights", file.path());
  if (kind->second != "pose") {
    fail("{}: weights of kind '{}', not of a pose model", file.path(), kind->second);
  }
  const auto config = stored_config(file);
  if (!config) fail("{}: no \"vremd_config\" in its metadata", file.path());
  return *config;
}

}  // namespace

std::optional<ModelConfig> stored_config(const io::SafetensorsFile& file) {
  const auto text = file.metadata().find("vremd_config");
  if (text == file.metadata().end()) return {};
  const std::string place = file.path() + ": vremd_config";
  return ModelConfig::from_json(io::parse_json(text->second, place), place);
}

std::map<std::string, at::Tensor> state_of(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> state;
  for (const auto& item : module.named_parameters()) state[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) state[item.key()] = item.value();
  return state;
}

void load_state(torch::nn::Module& module, const io::SafetensorsFile& file,
                const std::string& optional) {
  at::NoGradGuard no_grad;
  const auto state = state_of(module);
  for (const auto& [name, view] : file.tensors()) {
    if (!state.contains(name)) fail("{}: tensor {} is not part of this model", file.path(), name);
  }
  for (const auto& [name, tensor] : state) {
    const bool may_be_missing = !optional.empty() && name.starts_with(optional);
    if (may_be_missing && !file.tensors().contains(name)) continue;
    tensor.detach().copy_(ops::read_tensor(file, name, tensor.sizes()));
  }
}

LoadedModel load_model(const std::string& path) {
  const io::SafetensorsFile file(path);
  auto sha256 = file.sha256();
  LoadedModel loaded;
  loaded.config = config_of(file);
  loaded.model = std::make_shared<VremdImpl>(loaded.config);
  load_state(*loaded.model, file);
  loaded.model->eval();
  loaded.sha256 = sha256.get();
  loaded.metadata = file.metadata();
  if (const auto text = loaded.metadata.find("score_calibration"); text != loaded.metadata.end()) {
    loaded.calibration = ScoreCalibration::from_text(text->second, path + ": score_calibration",
                                                     loaded.config.joints().size());
  }
  return loaded;
}

void save_model(const std::string& path, const VremdImpl& model, io::DType dtype,
                const std::map<std::string, std::string>& extra, bool force) {
  at::NoGradGuard no_grad;
  std::map<std::string, std::string> metadata = extra;
  const bool only_backbone = metadata.try_emplace("kind", "pose").first->second == "backbone";
  metadata["vremd_config"] = model.config.to_json().dump();
  ops::StoredTensors stored(path);
  for (const auto& [name, tensor] : state_of(model)) {
    if (!only_backbone || name.starts_with("backbone.")) stored.add_weight(name, tensor, dtype);
  }
  stored.write(metadata, force);
}

}  // namespace vremd::model
