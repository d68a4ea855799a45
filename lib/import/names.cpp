// SPDX-License-Identifier: Apache-2.0
#include "import/names.h"

#include <array>
#include <utility>
#include <vector>

namespace vremd::importer {
namespace {

using Pair = std::pair<const char*, const char*>;

constexpr const char* kExtractor =
    "StatefulPartitionedCall/center_net_mobile_net_v2fpn_feature_extractor/model_1/";

constexpr std::array<Pair, 14> kMovenetParts{{
    {"model/Conv1_relu/Relu6", "stem"},
    {"model/expanded_conv_depthwise/depthwise", "block_0.depthwise"},
    {"model/expanded_conv_project_BN/FusedBatchNormV3", "block_0.project"},
    {"model/out_relu/Relu6", "last"},
    {"conv2d/BiasAdd", "lateral_32"},
    {"conv2d_1/BiasAdd", "lateral_16"},
    {"conv2d_2/BiasAdd", "lateral_8"},
    {"conv2d_3/BiasAdd", "lateral_4"},
    {"separable_conv2d/separable_conv2d/depthwise", "pyramid_16.depthwise"},
    {"re_lu/Relu", "pyramid_16.pointwise"},
    {"separable_conv2d_1/separable_conv2d/depthwise", "pyramid_8.depthwise"},
    {"re_lu_1/Relu", "pyramid_8.pointwise"},
    {"separable_conv2d_2/separable_conv2d/depthwise", "pyramid_4.depthwise"},
    {"re_lu_2/Relu", "pyramid_4.pointwise"},
}};

constexpr std::array<Pair, 3> kMovenetBlock{{
    {"_expand_relu/Relu6", "expand"},
    {"_depthwise/depthwise", "depthwise"},
    {"_project_BN/FusedBatchNormV3", "project"},
}};

constexpr std::array<Pair, 4> kMovenetHeads{{
    {"kpt_heatmap_0/", "heatmap"},
    {"kpt_regress_0/", "regression"},
    {"center_0/", "centre"},
    {"kpt_offset_0/", "offset"},
}};

// In the order of the exporter's numbering.
std::vector<std::string> nanodet_layers() {
  std::vector<std::string> names{"backbone.stem"};
  constexpr std::array<int, 4> kBlocks{1, 2, 2, 3};
  for (std::size_t s = 0; s < kBlocks.size(); ++s) {
    const std::string stage = "backbone.stage_" + std::to_string(s + 1);
    names.push_back(stage + ".enter");
    for (int b = 1; b <= kBlocks[s]; ++b) {
      const std::string block = stage + ".block_" + std::to_string(b);
      names.push_back(block + ".first");
      names.push_back(block + ".second");
    }
    names.push_back(stage + ".leave");
  }
  for (const char* stride : {"8", "16", "32"}) {
    names.push_back(std::string("neck.lateral_") + stride);
  }
  for (const char* stride : {"8", "16", "32"}) {
    for (const char* part : {".features", ".output"}) {
      names.push_back(std::string("head.stride_") + stride + part);
    }
  }
  return names;
}

}  // namespace

std::string movenet_name(const std::string& node) {
  static const std::string kExtractorPrefix = kExtractor, kPrefix = "StatefulPartitionedCall/";
  if (node.starts_with(kExtractorPrefix)) {
    const std::string rest = node.substr(kExtractorPrefix.size());
    for (const auto& [theirs, ours] : kMovenetParts) {
      if (rest == theirs) return std::string("backbone.") + ours;
    }
    const std::string block = "model/block_";
    if (!rest.starts_with(block)) return "";
    const auto digits = rest.find_first_not_of("0123456789", block.size());
    if (digits == std::string::npos) return "";
    for (const auto& [theirs, ours] : kMovenetBlock) {
      if (rest.substr(digits) == theirs) {
        return "backbone.block_" + rest.substr(block.size(), digits - block.size()) + "." + ours;
      }
    }
    return "";
  }
  for (const auto& [theirs, ours] : kMovenetHeads) {
    if (!node.starts_with(kPrefix + theirs)) continue;
    const std::string head = std::string("head.") + ours;
    if (node.ends_with("/depthwise")) return head + ".depthwise";
    if (node.ends_with("/Relu")) return head + ".pointwise";
    if (node.ends_with("/BiasAdd")) return head + ".output";
  }
  return "";
}

std::string nanodet_name(const std::string& node) {
  static const std::string kPrefix = "PartitionedCall/convolution";
  static const std::vector<std::string> kLayers = nanodet_layers();
  if (!node.starts_with(kPrefix)) return "";
  const std::string rest = node.substr(kPrefix.size());  // "", "_1", "_2" ...
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    if (rest == (i == 0 ? "" : "_" + std::to_string(i))) return kLayers[i];
  }
  return "";
}

}  // namespace vremd::importer
