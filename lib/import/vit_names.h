// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace vremd::importer {

// Who named the tensors of a ViTPose or ViT (METHOD 4.3).
enum class VitNames {
  kVitpose,      // the official repository, on mmpose 0.x
  kMmpose,       // mmpose 1.x
  kHuggingFace,  // transformers
  kPlain,        // timm and MAE: a ViT without a head
};

// The tensors of theirs whose rows, one after another, are our tensor `name` (METHOD 12):
// "backbone.blocks.0.attn.qkv.weight" -> Hugging Face's query, key and value. Empty where they
// have no such tensor.
std::vector<std::string> names_of(VitNames names, const std::string& name);

// Expert `number` of the block's last layer, in ViTPose+: its rows come after those of `fc2`, one
// of names_of(); empty for names that know no experts.
std::string expert_name(VitNames names, const std::string& fc2, int number);

// Whether such a file may hold the tensor although our model has no place for it: class tokens,
// counters of batches, decoders of the pretraining, further heads, experts.
bool has_no_place(VitNames names, const std::string& theirs);

// The joints of the data sets that ViTPose+ was trained on, by expert: COCO, AIC, MPII, AP-10K,
// APT-36K, COCO-WholeBody.
constexpr int kExperts = 6;
std::vector<std::string> expert_joints(int expert);

}  // namespace vremd::importer
