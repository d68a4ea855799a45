// SPDX-License-Identifier: Apache-2.0
#include "import/vitpose.h"

#include "core/error.h"
#include "core/text.h"
#include "io/json_node.h"
#include "model/weights.h"
#include "ops/stored_tensors.h"

#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace vremd::importer {
namespace {

constexpr std::int64_t kPatch = 16;
constexpr const char* kHead = "keypoint_head.";  // COCO's in the official files
constexpr double kOfficialEps = 1e-6, kHuggingFaceEps = 1e-12;

constexpr const char* kPatches = "backbone.patch_embed.proj.weight";

at::Tensor to_tensor(const SourceTensor& tensor) {
  return ops::to_tensor(tensor.shape, tensor.to_float());
}

// Reads the tensors of a file by our names.
class Reader : public SourceReader {
 public:
  Reader(const SourceFile& source, VitNames names) : SourceReader(source), names_(names) {}

  bool has(const std::string& ours) const {
    const auto theirs = names_of(names_, ours);
    return !theirs.empty() && source_.tensors.contains(theirs[0]);
  }

  const SourceTensor& only(const std::string& ours) { return take(names_of(names_, ours).at(0)); }

  // All rows of our tensor `ours`, in float32.
  at::Tensor rows(const std::string& ours, int expert) {
    std::vector<at::Tensor> parts;
    for (const std::string& theirs : names_of(names_, ours)) {
      parts.push_back(to_tensor(take(theirs)));
      const std::string part = expert_name(names_, theirs, expert);
      if (expert >= 0 && !part.empty()) parts.push_back(to_tensor(take(part)));
    }
    if (parts.empty()) fail("{}: no tensor {}", source_.path, ours);
    for (const at::Tensor& part : parts) {
      if (part.dim() == 0 || part[0].sizes() != parts[0][0].sizes()) {
        fail("{}: the parts of {} have different shapes", source_.path, ours);
      }
    }
    return parts.size() == 1 ? parts[0] : at::cat(parts);
  }

 private:
  VitNames names_;
};

// ---- configuration -----------------------------------------------------------------------------

// Settings of Hugging Face's config.json or their defaults. Error for unsupported ones.
struct HuggingFaceConfig {
  double ln_eps = kHuggingFaceEps;
  std::int64_t heads = 12;

  explicit HuggingFaceConfig(const SourceFile& source) {
    if (!source.config) {
      fail("{}: Hugging Face's names, but no config.json in its directory", source.path);
    }
    const io::JsonNode whole(&*source.config, {source.config_path});
    const auto [inner, scale_factor] = whole.fields({"backbone_config", "scale_factor"});
    const io::JsonNode& backbone = inner ? inner : whole;
    const auto [eps, head_count, activation, qkv_bias] =
        backbone.fields({"layer_norm_eps", "num_attention_heads", "hidden_act", "qkv_bias"});
    ln_eps = eps.number(kHuggingFaceEps);
    heads = head_count.optional_integer().value_or(12);
    if (scale_factor.number(4) != 4) scale_factor.wrong("not 4");
    if (activation && activation.string() != "gelu") {
      activation.wrong(excerpt(activation.string()) + " is not gelu");
    }
    if (qkv_bias && !qkv_bias.flag()) qkv_bias.wrong("false is not supported");
  }
};

model::VitSize size_of_width(std::int64_t dim, const std::string& path) {
  for (const model::VitSize size : {model::VitSize::kS, model::VitSize::kB, model::VitSize::kL,
                                    model::VitSize::kH, model::VitSize::kTiny}) {
    if (model::vit_shape(size).dim == dim) return size;
  }
  fail("{}: width {}: not a ViTPose (384, 768, 1024 or 1280)", path, dim);
}

std::array<int, 2> input_size(std::int64_t positions, const std::string& path) {
  if (positions == 192) return {256, 192};
  if (positions == 432) return {384, 288};
  fail("{}: {} positions are neither 16 x 12 nor 24 x 18", path, positions);
}

std::string joint_names(std::int64_t rows, int expert, const std::string& path) {
  if (expert > 0) {
    const JointSet& joints = expert_joints(expert);
    if (joints.size() <= rows) return joints.name;
    fail("{}: a head of {} joints, but expert {} has {}", path, rows, expert, joints.size());
  }
  for (const int known : {0, 2, 5}) {
    if (const JointSet& joints = expert_joints(known); joints.size() == rows) return joints.name;
  }
  fail("{}: a head of {} joints with unknown names", path, rows);
}

// ---- converted tensors -------------------------------------------------------------------------

std::int64_t side_of(std::int64_t square) {
  return std::lround(std::sqrt(static_cast<double>(square)));
}

// Resizes a square grid as mmpose does.
at::Tensor resized(const at::Tensor& grid, const model::ModelConfig& config) {
  const std::int64_t side = side_of(grid.size(1));
  const at::Tensor map = grid.view({1, side, side, grid.size(2)}).permute({0, 3, 1, 2});
  return at::upsample_bicubic2d(map.contiguous(), {config.tokens_h(), config.tokens_w()},
                                /*align_corners=*/false)
      .flatten(2)
      .transpose(1, 2);
}

at::Tensor patches(const at::Tensor& weight, const std::string& path) {
  const std::int64_t side = weight.size(3);
  if (side == kPatch) return weight;
  if (side != 14) fail("{}: patches of {} x {}, not 16 x 16", path, side, side);
  return at::constant_pad_nd(weight, {1, 1, 1, 1});
}

class VitImport {
 public:
  VitImport(const SourceFile& source, VitNames names, int expert, int heads)
      : source_(source), names_(names), reader_(source, names), expert_(expert) {
    if (heads > 0) config_.backbone.heads = heads;
  }

  ImportedVit run() {
    configure();
    at::NoGradGuard no_grad;
    imported_.model = std::make_shared<model::VremdImpl>(config_);
    for (auto& [name, tensor] : model::state_of(*imported_.model)) fill(name, tensor);
    const auto unused = [&](const std::string& theirs) {
      return is_unused(names_, theirs) || (merged_expert_ > 0 && theirs.starts_with(kHead));
    };
    reader_.refuse_others(unused, "this network");
    imported_.model->eval();
    imported_.names = name_of(names_);
    imported_.architecture = fmt::format("{}-{}", imported_.has_head ? "vitpose" : "vit",
                                         name_of(config_.backbone.size));
    return std::move(imported_);
  }

 private:
  void configure() {
    config_.hkme.enabled = config_.bmd.enabled = false;
    config_.model.joints = "coco17";
    const SourceTensor& proj = reader_.only(kPatches);
    if (proj.shape.size() != 4 || proj.shape[1] != 3 || proj.shape[2] != proj.shape[3]) {
      fail("{}: patches of shape {}", source_.path, text_of(proj.shape));
    }
    config_.backbone.size = size_of_width(proj.shape[0], source_.path);
    const auto& backbone = config_.backbone;
    if (names_ == VitNames::kPlain && backbone.size == model::VitSize::kS && !backbone.heads) {
      fail(
          "{}: ViT-S has 6 attention heads (timm, DeiT, DINO) or 12 (ViTPose's own), and the "
          "tensors do not determine it: use --heads",
          source_.path);
    }
    config_.backbone.ln_eps = kOfficialEps;
    configure_positions();
    configure_experts();
    if (names_ == VitNames::kHuggingFace) {
      const HuggingFaceConfig theirs(source_);
      config_.backbone.ln_eps = theirs.ln_eps;
      if (theirs.heads != config_.backbone_heads()) {
        fail("{}: {} attention heads, but ViTPose-{} has {}", source_.config_path, theirs.heads,
             name_of(config_.backbone.size), config_.backbone_heads());
      }
    }
    configure_head();
  }

  void configure_positions() {
    const SourceTensor& rows = reader_.only("backbone.pos_embed");
    if (rows.shape.size() != 3 || rows.shape[0] != 1 || rows.shape[1] < 2) {
      fail("{}: position embedding of shape {}", source_.path, text_of(rows.shape));
    }
    const std::int64_t count = rows.shape[1];
    if (names_ == VitNames::kPlain) {
      const auto is_square = [](std::int64_t n) { return side_of(n) * side_of(n) == n; };
      first_row_ = is_square(count - 1);
      if (!first_row_ && !is_square(count)) {
        fail("{}: {} positions are not a square, with or without a class token", source_.path,
             count);
      }
      return;
    }
    first_row_ = count % 2 != 0;  // grids of such crops are even
    config_.input.size = input_size(count - (first_row_ ? 1 : 0), source_.path);
    if (!first_row_) {
      imported_.warnings.push_back(
          "the positions have no first row; if the conversion from the official file dropped it "
          "instead of adding it to the others, the poses are slightly off");
    }
  }

  void configure_experts() {
    const std::string fc2 = names_of(names_, "backbone.blocks.0.mlp.fc2.weight").at(0);
    const SourceTensor& rows = source_.at(fc2);
    const std::int64_t dim = model::vit_shape(config_.backbone.size).dim;
    const bool whole = !rows.shape.empty() && rows.shape[0] == dim;
    if (whole && expert_ > 0) {
      fail("{}: no experts: --expert must be 0", source_.path);
    }
    imported_.expert = merged_expert_ = whole ? -1 : expert_;
    if (!whole && expert_name(names_, fc2, 0).empty()) {
      fail("{}: tensor {} is {}", source_.path, fc2, text_of(rows.shape));
    }
  }

  void configure_head() {
    const bool classic = reader_.has("hm.deconv_layers.0.weight");
    imported_.has_head = classic || reader_.has("hm.final_layer.weight");
    if (!imported_.has_head) return;
    config_.model.head = classic ? model::HeadKind::kClassic : model::HeadKind::kSimple;
    if (classic) {
      const SourceTensor& deconv = source_.at(head_name("hm.deconv_layers.0.weight"));
      if (deconv.shape.size() == 4) config_.hm.channels = static_cast<int>(deconv.shape[1]);
    }
    const SourceTensor& final_layer = source_.at(head_name("hm.final_layer.weight"));
    const std::int64_t rows = final_layer.shape.empty() ? 0 : final_layer.shape[0];
    // Hugging Face keeps COCO's head for every expert.
    const bool own_head = names_ == VitNames::kVitpose;
    config_.model.joints = joint_names(rows, own_head ? merged_expert_ : 0, source_.path);
  }

  // In the official files each further expert has its own head.
  std::string head_name(const std::string& ours) const {
    std::string theirs = names_of(names_, ours).at(0);
    if (names_ == VitNames::kVitpose && merged_expert_ > 0) {
      theirs = fmt::format("associate_keypoint_heads.{}.{}", merged_expert_ - 1,
                           theirs.substr(std::string_view(kHead).size()));
    }
    return theirs;
  }

  at::Tensor value_of(const std::string& name) {
    if (name == "backbone.pos_embed") {
      const at::Tensor rows = to_tensor(reader_.only(name));  // [1, N, D] or [1, 1 + N, D]
      at::Tensor grid = first_row_ ? rows.slice(1, 1) : rows;
      if (names_ == VitNames::kPlain) grid = resized(grid, config_);
      // The model adds its first row to all others (model/backbone.cpp): added here, and zero
      // there.
      if (first_row_) grid = grid + rows.slice(1, 0, 1);
      return at::cat({at::zeros_like(grid.slice(1, 0, 1)), grid}, 1);
    }
    if (name.starts_with("hm.")) {
      const at::Tensor value = to_tensor(reader_.take(head_name(name)));
      // All heads are as wide as the widest.
      const bool last = name.starts_with("hm.final_layer.") && value.dim() > 0;
      if (names_ == VitNames::kVitpose && merged_expert_ > 0 && last) {
        return value.slice(0, 0, config_.joints().size());
      }
      return value;
    }
    const at::Tensor value = reader_.rows(name, merged_expert_);
    if (name == kPatches) return patches(value, source_.path);
    return value;
  }

  void fill(const std::string& name, at::Tensor& tensor) {
    if (!imported_.has_head && name.starts_with("hm.")) {
      tensor.zero_();
      return;
    }
    if (names_ == VitNames::kPlain && name.starts_with("backbone.last_norm.") &&
        !reader_.has(name)) {
      const bool weight = name.ends_with(".weight");
      tensor.fill_(weight ? 1 : 0);
      if (weight) imported_.warnings.push_back("no last norm: initialised with 1 and 0");
      return;
    }
    const at::Tensor value = value_of(name);
    if (value.sizes() != tensor.sizes()) {
      fail("{}: {} is {}, not {}", source_.path, fmt::join(names_of(names_, name), ", "),
           text_of(value.sizes().vec()), text_of(tensor.sizes().vec()));
    }
    tensor.copy_(value);
  }

  const SourceFile& source_;
  VitNames names_;
  Reader reader_;
  int expert_;
  int merged_expert_ = -1;  // -1: no experts
  bool first_row_ = true;
  model::ModelConfig config_;
  ImportedVit imported_;
};

}  // namespace

std::optional<VitNames> vit_names(const SourceFile& source) {
  for (const VitNames names :
       {VitNames::kVitpose, VitNames::kMmpose, VitNames::kHuggingFace, VitNames::kPlain}) {
    if (source.tensors.contains(names_of(names, kPatches).at(0))) return names;
  }
  return {};
}

ImportedVit import_vit(const SourceFile& source, VitNames names, int expert, int heads) {
  return VitImport(source, names, expert, heads).run();
}

}  // namespace vremd::importer
