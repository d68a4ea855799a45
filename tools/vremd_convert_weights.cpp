// SPDX-License-Identifier: Apache-2.0
// The program behind "vremd-convert weights": separate, because it needs LibTorch.

#include "cli/tool.h"
#include "core/names.h"
#include "import/convert_weights.h"
#include "import/known_weights.h"
#include "import/vit_names.h"
#include "io/output_file.h"
#include "io/safetensors.h"

#include <ATen/Parallel.h>

#include <filesystem>

using namespace vremd;

namespace {

struct Config : importer::ConvertWeightsConfig {
  std::vector<std::string> inputs;
  bool info = false, list = false;

  void validate() const {
    using cli::require;
    require(!inputs.empty(), "no weights file given");
    cli::as_usage_errors([&] { require_utf8(inputs.front()); });  // metadata names it
    if (info) return;
    require(expert >= 0 && expert < importer::kExperts,
            fmt::format("--expert must be in [0, {}]", importer::kExperts - 1));
    require(heads >= 0 && heads <= 64, "--heads must be in [0, 64]");
    require(inputs.size() == 1, "expected a single weights file");
    require(!output.empty() && output != "-", to == importer::OutputForm::kHuggingFace
                                                  ? "no output directory: use -o DIR"
                                                  : "no output file: use -o OUT.safetensors");
  }
};

int run(Config& config, const cli::Common& common) {
  if (config.list) {
    io::write_file("-", importer::known_weights(), false);
    return cli::kSuccess;
  }
  config.validate();
  at::set_num_threads(common.threads);
  for (std::string& input : config.inputs) {
    const bool is_name = input.find_first_of("./") == std::string::npos;
    if (is_name && !std::filesystem::exists(input)) input = io::find_weights(input);
  }
  if (config.info) {
    for (const std::string& path : config.inputs) importer::print_weights(path);
  } else {
    config.input = config.inputs.front();
    importer::convert_weights(config);
  }
  return cli::kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  Config config;
  cli::Tool tool("vremd-convert weights", "import and export model weights");
  tool.inputs(config.inputs, "FILE");
  tool.option("o,output", config.output, "OUT",
              "output file (safetensors), or directory with --to huggingface");
  tool.option("f,force", config.force, "overwrite existing files");
  tool.option("arch", config.network, "NAME",
              "expected network: auto, movenet, nanodet, vitpose, vit or yolox", "auto");
  tool.option("task", config.task, "TASK", "expected task: pose or detect");
  tool.option("to", config.to, "FORM", "output format: vremd or huggingface");
  tool.option("dtype", config.format, "TYPE", "fp16, bf16, fp32 or auto (fp16; huggingface: fp32)",
              "auto");
  tool.option("expert", config.expert, "K",
              "ViTPose+: 0 COCO, 1 AIC, 2 MPII, 3 AP-10K, 4 APT-36K, 5 WholeBody");
  tool.option("heads", config.heads, "N",
              "attention heads of a ViT; 0: as in ViTPose for its size");
  tool.option("info", config.info, "print the contents of weights files");
  tool.option("list", config.list, "print which weights of other projects can be imported");
  return tool.run(argc, argv, [&](const cli::Common& common) { return run(config, common); });
}
