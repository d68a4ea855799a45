// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include "core/error.h"
#include "io/json_parse.h"

#include <fmt/ranges.h>

#include <cstring>

namespace vremd {
namespace {

std::string text_of(at::IntArrayRef shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

at::ScalarType scalar_type_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return at::kFloat;
    case DType::kF16:
      return at::kHalf;
    case DType::kBF16:
      return at::kBFloat16;
    default:
      fail("weights cannot be stored as {}", name_of(dtype));
  }
}

ModelConfig config_of(const SafetensorsFile& file) {
  const auto& metadata = file.metadata();
  const auto kind = metadata.find("kind");
  if (kind == metadata.end()) fail("{}: not weights of vremd (no \"kind\")", file.path());
  if (kind->second != "pose") {
    fail("{}: weights of kind '{}', not of a pose model", file.path(), kind->second);
  }
  const auto config = stored_config(file);
  if (!config) fail("{}: no \"vremd_config\" in its metadata", file.path());
  return *config;
}

void save(const std::string& path, const std::string& kind, const VremdImpl& model, DType dtype,
          const std::map<std::string, std::string>& extra, bool force) {
  at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> stored;
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : state_of(model)) {
    if (kind == "backbone" && !name.starts_with("backbone.")) continue;
    const DType kept = tensor.dim() >= 2 ? dtype : DType::kF32;
    const at::Tensor cpu = tensor.detach().to(at::kCPU, scalar_type_of(kept)).contiguous();
    if (!at::isfinite(cpu).all().item<bool>()) {
      fail("{}: tensor {} has values that are not finite as {}", path, name, name_of(kept));
    }
    stored[name] = cpu;
    views[name] = {kept, cpu.sizes().vec(),
                   {static_cast<const std::byte*>(cpu.data_ptr()), cpu.nbytes()}};
  }
  std::map<std::string, std::string> metadata = extra;
  metadata["kind"] = kind;
  metadata["vremd_config"] = model.config.to_json().dump();
  write_safetensors(path, views, metadata, force);
}

}  // namespace

std::optional<ModelConfig> stored_config(const SafetensorsFile& file) {
  const auto text = file.metadata().find("vremd_config");
  if (text == file.metadata().end()) return {};
  const std::string place = file.path() + ": vremd_config";
  return ModelConfig::from_json(parse_json(text->second, place), place);
}

std::map<std::string, at::Tensor> state_of(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> state;
  for (const auto& item : module.named_parameters()) state[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) state[item.key()] = item.value();
  return state;
}

void load_tensor(const at::Tensor& tensor, const SafetensorsFile& file, const std::string& name) {
  const TensorView& view = file.at(name);
  if (tensor.sizes() != at::IntArrayRef(view.shape)) {
    fail("{}: tensor {} is {}, the model's is {}", file.path(), name, text_of(view.shape),
         text_of(tensor.sizes()));
  }
  const std::vector<float> values = view.to_float();
  std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
}

void load_state(torch::nn::Module& module, const SafetensorsFile& file,
                const std::string& beside) {
  at::NoGradGuard no_grad;
  const auto state = state_of(module);
  for (const auto& [name, view] : file.tensors()) {
    if (!state.contains(name)) fail("{}: tensor {} is not of this model", file.path(), name);
  }
  for (const auto& [name, tensor] : state) {
    const bool may_be_missing = !beside.empty() && name.starts_with(beside);
    if (may_be_missing && !file.tensors().contains(name)) continue;
    load_tensor(tensor, file, name);
  }
}

LoadedModel load_model(const std::string& path) {
  const SafetensorsFile file(path);
  auto sha256 = file.sha256();
  LoadedModel loaded;
  loaded.config = config_of(file);
  loaded.model = std::make_shared<VremdImpl>(loaded.config);
  load_state(*loaded.model, file);
  loaded.model->eval();
  loaded.sha256 = sha256.get();
  loaded.metadata = file.metadata();
  return loaded;
}

void save_model(const std::string& path, const VremdImpl& model, DType dtype,
                const std::map<std::string, std::string>& extra, bool force) {
  save(path, "pose", model, dtype, extra, force);
}

void save_backbone(const std::string& path, const VremdImpl& model, DType dtype,
                   const std::map<std::string, std::string>& extra, bool force) {
  save(path, "backbone", model, dtype, extra, force);
}

}  // namespace vremd
