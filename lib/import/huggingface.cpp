// SPDX-License-Identifier: Apache-2.0
#include "import/huggingface.h"

#include "core/error.h"
#include "import/vit_names.h"
#include "io/json.h"
#include "io/output_file.h"
#include "model/weights.h"
#include "ops/stored_tensors.h"

#include <filesystem>

namespace vremd::importer {
namespace {

constexpr int kTheirChannels = 256;  // of the classic head
constexpr double kTheirEnlarge = 1.25;

}  // namespace

void check_huggingface(const model::ModelConfig& config, const std::string& source) {
  const auto refuse = [&](const std::string& what) {
    fail("{}: Hugging Face's ViTPose cannot represent {}", source, what);
  };
  if (config.backbone.kind != model::BackboneKind::kVit) {
    refuse(fmt::format("the backbone {}", name_of(config.backbone.kind)));
  }
  if (!config.single_frame()) refuse("three frames: only single-frame models are supported");
  if (config.dim() != model::vit_shape(config.backbone.size).dim)
    refuse("a projection (model.dim)");
  if (config.geometry != ops::Geometry::kUdp) {
    refuse(fmt::format("geometry {}", name_of(config.geometry)));
  }
  if (config.input.enlarge != kTheirEnlarge) {
    refuse(fmt::format("an enlargement of {}", config.input.enlarge));
  }
  if (config.loss.kind != model::LossKind::kMse) {
    refuse(fmt::format("heatmaps of loss {}", name_of(config.loss.kind)));
  }
  if (config.model.head == model::HeadKind::kClassic && config.hm.channels != kTheirChannels) {
    refuse(fmt::format("a head of {} channels", config.hm.channels));
  }
}

namespace {

ops::StoredTensors tensors_of(const model::VremdImpl& model, const std::string& path,
                              io::DType dtype) {
  static const std::string kMean = ".running_mean";
  ops::StoredTensors result(path);
  for (const auto& [ours, tensor] : model::state_of(model)) {
    const auto theirs = names_of(VitNames::kHuggingFace, ours);
    if (theirs.empty()) fail("Hugging Face's ViTPose cannot represent tensor {}", ours);
    const auto rows = tensor.chunk(static_cast<std::int64_t>(theirs.size()));
    for (std::size_t i = 0; i < theirs.size(); ++i) result.add_weight(theirs[i], rows[i], dtype);
    if (ours.ends_with(kMean)) {
      const std::string layer = theirs[0].substr(0, theirs[0].size() - kMean.size());
      result.add(layer + ".num_batches_tracked", at::zeros({}, at::kLong), io::DType::kI64);
    }
  }
  return result;
}

Json config_of(const model::ModelConfig& config, io::DType dtype) {
  const model::VitShape size = model::vit_shape(config.backbone.size);
  const Json backbone = {{"model_type", "vitpose_backbone"},
                         {"image_size", {config.input_height(), config.input_width()}},
                         {"patch_size", {16, 16}},
                         {"num_channels", 3},
                         {"hidden_size", size.dim},
                         {"num_hidden_layers", size.depth},
                         {"num_attention_heads", config.backbone_heads()},
                         {"mlp_ratio", 4},
                         {"num_experts", 1},
                         {"hidden_act", "gelu"},
                         {"layer_norm_eps", config.backbone.ln_eps.value_or(1e-6)},
                         {"qkv_bias", true},
                         {"out_features", {fmt::format("stage{}", size.depth)}},
                         {"out_indices", {size.depth}}};
  Json labels = Json::object(), numbers = Json::object();
  const JointSet joints = config.joints();
  for (int i = 0; i < joints.size(); ++i) {
    labels[std::to_string(i)] = joints.joints[i];
    numbers[joints.joints[i]] = i;
  }
  return {{"architectures", {"VitPoseForPoseEstimation"}},
          {"model_type", "vitpose"},
          {"backbone_config", backbone},
          {"use_simple_decoder", config.model.head == model::HeadKind::kSimple},
          {"scale_factor", 4},
          {"id2label", labels},
          {"label2id", numbers},
          {"torch_dtype", dtype == io::DType::kF16    ? "float16"
                          : dtype == io::DType::kBF16 ? "bfloat16"
                                                      : "float32"}};
}

Json preprocessor_of(const model::ModelConfig& config) {
  const ops::Normalisation normalisation = config.normalisation();
  return {{"image_processor_type", "VitPoseImageProcessor"},
          {"do_affine_transform", true},
          {"size", {{"height", config.input_height()}, {"width", config.input_width()}}},
          {"normalize_factor", 200.0},
          {"do_rescale", true},
          {"rescale_factor", 1.0 / 255},
          {"do_normalize", true},
          {"image_mean", normalisation.mean},
          {"image_std", normalisation.std}};
}

}  // namespace

void export_huggingface(const model::VremdImpl& model, const std::string& source,
                        const std::string& folder, io::DType dtype, bool force) {
  at::NoGradGuard no_grad;
  check_huggingface(model.config, source);
  const auto path = [&](const char* name) {
    const std::string file = (std::filesystem::path(folder) / name).string();
    if (!force && std::filesystem::exists(file))
      fail("{}: already exists; --force overwrites it", file);
    return file;
  };
  const std::string weights = path("model.safetensors");
  const std::string preprocessor = path("preprocessor_config.json"), config = path("config.json");
  const ops::StoredTensors tensors = tensors_of(model, weights, dtype);
  io::make_folder(folder);
  tensors.write({{"format", "pt"}}, force);
  io::write_file(preprocessor, preprocessor_of(model.config).dump(2) + "\n", force);
  io::write_file(config, config_of(model.config, dtype).dump(2) + "\n", force);
}

}  // namespace vremd::importer
