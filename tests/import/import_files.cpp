// SPDX-License-Identifier: Apache-2.0
// Writes foreign weights for the command-line tests of vremd-convert weights:
//   vremd_import_files vitpose|legacy|plus|vit|yolox OUT.pth

#include "make_vitpose.h"
#include "make_yolox.h"

#include <fstream>
#include <string_view>

using namespace vremd;
using namespace vremd::importer;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view what = argv[1];
  make_pth::FloatTensors tensors;
  if (what == "vitpose" || what == "legacy") {
    tensors = with_names(*small_vitpose(model::HeadKind::kClassic), VitNames::kVitpose);
  } else if (what == "plus") {
    tensors = with_experts(*small_vitpose(model::HeadKind::kSimple), 0);
  } else if (what == "vit") {
    tensors = with_names(*small_vitpose(model::HeadKind::kSimple), VitNames::kPlain);
    tensors["pos_embed"] = {{1, 197, 64}, std::vector<float>(197 * 64, 0.5F)};
  } else if (what == "yolox") {
    tensors = official_yolox({16, 1, true, 80});
  } else {
    return 2;
  }
  std::ofstream file(argv[2], std::ios::binary);
  file << make_pth::checkpoint(tensors, what == "legacy", what == "yolox" ? "model" : "state_dict");
  return file.flush() ? 0 : 1;
}
