// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "import/source.h"
#include "import/vit_names.h"
#include "model/vremd.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::importer {

// What came of somebody's ViTPose or ViT: a network in float32, in evaluation mode.
struct ImportedVit {
  std::shared_ptr<model::VremdImpl> model;
  bool has_head = true;      // false: a backbone alone; the model's head is unset
  std::string architecture;  // "vitpose-b", "vit-b"
  std::string names;         // whose: "ViTPose", "MMPose 1.x", ...
  int expert = -1;           // that was merged into the blocks; -1: they were whole
  std::vector<std::string> warnings;
};

// Whose names the tensors have; nothing where they are of no ViT.
std::optional<VitNames> vit_names(const SourceFile& source);

// ViTPose -> a single-frame model (vitpose_coco of METHOD 12) as it was trained: geometry udp,
// position rows folded into one another, LayerNorm eps as Hugging Face's config.json says, 1e-12
// where it does not, 1e-6 by every other name. Of ViTPose+ the expert `expert` is merged into the
// blocks, and its head and joints are taken; 0 is COCO's.
//
// A plain ViT (MAE, timm), or a backbone without a head, gives a backbone: square grids of
// positions are resized to 16 x 12 and patches of 14 x 14 padded with zeros to 16 x 16, as mmpose
// does when training starts from them.
//
// `heads` of the attention, 0: ViTPose's for the size. The tensors do not tell; a plain ViT-S,
// which has 6 or 12, is an Error without.
//
// An Error "path: what" for a tensor that is missing, of another shape, or of no such network.
ImportedVit import_vit(const SourceFile& source, VitNames names, int expert, int heads = 0);

}  // namespace vremd::importer
