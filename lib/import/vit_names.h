// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/enum_names.h"
#include "core/joints.h"

#include <string>
#include <vector>

namespace vremd::importer {

// Naming scheme of the tensors of a ViTPose or ViT (METHOD 4.3).
enum class VitNames {
  kVitpose,      // the official repository, on mmpose 0.x
  kMmpose,       // mmpose 1.x
  kHuggingFace,  // transformers
  kPlain,        // timm and MAE: a ViT without a head
};
constexpr auto enum_names(VitNames) {
  return std::array{"ViTPose", "MMPose 1.x", "Hugging Face", "a plain ViT"};
}

// The foreign tensors whose concatenated rows are our tensor `name` (METHOD 12):
// "backbone.blocks.0.attn.qkv.weight" -> Hugging Face's query, key and value. Empty if absent.
std::vector<std::string> names_of(VitNames names, const std::string& name);

// ViTPose+: the tensor of expert `number`, whose rows follow those of `fc2` (one of names_of());
// empty for schemes without experts.
std::string expert_name(VitNames names, const std::string& fc2, int number);

// Whether a foreign tensor is expected but unused by our model: class tokens, batch counters,
// pretraining decoders, further heads, experts.
bool is_unused(VitNames names, const std::string& theirs);

// Joints of the training sets of ViTPose+ by expert: COCO, AIC, MPII, AP-10K, APT-36K (the same
// as AP-10K), COCO-WholeBody.
constexpr int kExperts = 6;
const JointSet& expert_joints(int expert);

}  // namespace vremd::importer
