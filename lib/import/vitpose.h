// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "import/source.h"
#include "import/vit_names.h"
#include "model/vremd.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::importer {

// An imported ViTPose or ViT, in float32 and evaluation mode.
struct ImportedVit {
  std::shared_ptr<model::VremdImpl> model;
  bool has_head = true;      // false: only a backbone; the model's head is zero
  std::string architecture;  // "vitpose-b", "vit-b"
  std::string names;         // naming scheme: "ViTPose", "MMPose 1.x", ...
  int expert = -1;           // expert merged into the blocks; -1: none
  std::vector<std::string> warnings;
};

// Naming scheme of the tensors; nullopt if not a ViT.
std::optional<VitNames> vit_names(const SourceFile& source);

// Imports ViTPose as a single-frame model (vitpose_coco of METHOD 12): geometry udp, the class
// token's position added to the others, LayerNorm eps from Hugging Face's config.json (default
// 1e-12), else 1e-6. For ViTPose+, expert `expert` (0: COCO) is merged into the blocks and its head
// and joints are used.
//
// A plain ViT (MAE, timm) or a model without a head gives a backbone: square position grids are
// resized to 16 x 12 and 14 x 14 patches zero-padded to 16 x 16, as mmpose does for pretrained
// weights.
//
// `heads`: attention heads, 0: as in ViTPose for the size. They cannot be inferred from the
// tensors; a plain ViT-S (6 or 12 heads) requires them.
//
// Error "path: what" for a missing or unknown tensor or a wrong shape.
ImportedVit import_vit(const SourceFile& source, VitNames names, int expert, int heads = 0);

}  // namespace vremd::importer
