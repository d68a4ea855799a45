// SPDX-License-Identifier: Apache-2.0
#include "import/vit_names.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace vremd::importer {
namespace {

using std::string_view;

// '#' is the number of a block; "a|b|c" are concatenated parts.
using Layer = std::array<string_view, 5>;  // our name, then by VitNames
constexpr std::array<Layer, 14> kLayers{{
    {"backbone.patch_embed.proj", "backbone.patch_embed.proj", "backbone.patch_embed.projection",
     "backbone.embeddings.patch_embeddings.projection", "patch_embed.proj"},
    {"backbone.last_norm", "backbone.last_norm", "backbone.ln1", "backbone.layernorm", "norm"},
    {"backbone.blocks.#.norm1", "backbone.blocks.#.norm1", "backbone.layers.#.ln1",
     "backbone.encoder.layer.#.layernorm_before", "blocks.#.norm1"},
    {"backbone.blocks.#.attn.qkv", "backbone.blocks.#.attn.qkv", "backbone.layers.#.attn.qkv",
     "backbone.encoder.layer.#.attention.attention.query|"
     "backbone.encoder.layer.#.attention.attention.key|"
     "backbone.encoder.layer.#.attention.attention.value",
     "blocks.#.attn.qkv"},
    {"backbone.blocks.#.attn.proj", "backbone.blocks.#.attn.proj", "backbone.layers.#.attn.proj",
     "backbone.encoder.layer.#.attention.output.dense", "blocks.#.attn.proj"},
    {"backbone.blocks.#.norm2", "backbone.blocks.#.norm2", "backbone.layers.#.ln2",
     "backbone.encoder.layer.#.layernorm_after", "blocks.#.norm2"},
    {"backbone.blocks.#.mlp.fc1", "backbone.blocks.#.mlp.fc1", "backbone.layers.#.ffn.layers.0.0",
     "backbone.encoder.layer.#.mlp.fc1", "blocks.#.mlp.fc1"},
    {"backbone.blocks.#.mlp.fc2", "backbone.blocks.#.mlp.fc2", "backbone.layers.#.ffn.layers.1",
     "backbone.encoder.layer.#.mlp.fc2", "blocks.#.mlp.fc2"},
    {"hm.deconv_layers.0", "keypoint_head.deconv_layers.0", "head.deconv_layers.0", "head.deconv1",
     ""},
    {"hm.deconv_layers.1", "keypoint_head.deconv_layers.1", "head.deconv_layers.1",
     "head.batchnorm1", ""},
    {"hm.deconv_layers.3", "keypoint_head.deconv_layers.3", "head.deconv_layers.3", "head.deconv2",
     ""},
    {"hm.deconv_layers.4", "keypoint_head.deconv_layers.4", "head.deconv_layers.4",
     "head.batchnorm2", ""},
    {"hm.final_layer", "keypoint_head.final_layer", "head.final_layer", "head.conv", ""},
    {"backbone.pos_embed", "backbone.pos_embed", "backbone.pos_embed",
     "backbone.embeddings.position_embeddings", "pos_embed"},
}};

bool is_number(string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "backbone.blocks.11.norm1" -> "backbone.blocks.#.norm1" and "11".
std::pair<std::string, std::string> split_number(const std::string& name) {
  static const std::string kBlocks = "backbone.blocks.";
  if (!name.starts_with(kBlocks)) return {name, ""};
  const std::size_t end = name.find('.', kBlocks.size());
  if (end == std::string::npos) return {name, ""};
  const std::string number = name.substr(kBlocks.size(), end - kBlocks.size());
  if (!is_number(number)) return {name, ""};
  return {kBlocks + "#" + name.substr(end), number};
}

}  // namespace

std::vector<std::string> names_of(VitNames names, const std::string& name) {
  const auto [pattern, number] = split_number(name);
  for (const Layer& layer : kLayers) {
    if (!pattern.starts_with(layer[0])) continue;
    const std::string ending = pattern.substr(layer[0].size());  // ".weight" or empty
    if (!ending.empty() && ending.find_first_of('.') != 0) continue;
    std::vector<std::string> found;
    string_view rest = layer[1 + static_cast<std::size_t>(names)];
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('|'), rest.size());
      std::string theirs(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (const std::size_t place = theirs.find('#'); place != std::string::npos) {
        theirs.replace(place, 1, number);
      }
      found.push_back(theirs + ending);
    }
    return found;
  }
  return {};
}

std::string expert_name(VitNames names, const std::string& fc2, int number) {
  static const std::string kFc2 = ".fc2.";
  if (names != VitNames::kVitpose && names != VitNames::kHuggingFace) return "";
  const std::size_t place = fc2.find(kFc2);
  if (place == std::string::npos) return "";
  std::string name = fc2;
  return name.replace(place, kFc2.size(), ".experts." + std::to_string(number) + ".");
}

bool is_unused(VitNames names, const std::string& theirs) {
  if (theirs.ends_with(".num_batches_tracked")) return true;
  const auto begins = [&](std::initializer_list<string_view> beginnings) {
    return std::ranges::any_of(beginnings,
                               [&](string_view one) { return theirs.starts_with(one); });
  };
  switch (names) {
    case VitNames::kVitpose:
      return begins({"backbone.cls_token", "associate_keypoint_heads."}) ||
             theirs.find(".mlp.experts.") != std::string::npos;
    case VitNames::kMmpose: return begins({"backbone.cls_token", "data_preprocessor."});
    case VitNames::kHuggingFace: return theirs.find(".mlp.experts.") != std::string::npos;
    case VitNames::kPlain:
      return begins({"cls_token", "head.", "fc_norm.", "mask_token", "decoder_"});
  }
  return false;
}

const JointSet& expert_joints(int expert) {
  switch (expert) {
    case 1: return joint_set("aic14");
    case 2: return joint_set("mpii16");
    case 3:
    case 4: return joint_set("ap10k");
    case 5: return joint_set("coco_wholebody133");
    default: return joint_set("coco17");
  }
}

}  // namespace vremd::importer
