// SPDX-License-Identifier: Apache-2.0
// vremd-train: annotations and images or videos -> weights.

#include "cli/tool.h"
#include "core/error.h"
#include "core/log.h"
#include "core/names.h"
#include "core/text.h"
#include "io/json_file.h"
#include "ops/device.h"
#include "train/command_keys.h"
#include "train/presets.h"
#include "train/score_fit.h"
#include "train/trainer.h"

#include <fmt/ranges.h>
#include <torch/version.h>

#include <algorithm>
#include <cstdio>

using namespace vremd;

namespace {

struct Config {
  std::string train_config, preset, dataset, root, output, fit_scores;
  train::CommandKeys keys;
  ops::DeviceChoice device;
  bool resume = false, dry_run = false, cache_given = false;
  int cache_features = 0;
};

void one_of(const char* option, const std::string& value, const std::vector<std::string>& names) {
  cli::require(
      value.empty() || std::ranges::count(names, value) > 0,
      fmt::format("{} '{}': not one of {}", option, excerpt(value), fmt::join(names, ", ")));
}

train::TrainConfig train_config(const Config& config) {
  Json json = Json::object();
  train::TrainConfig result;
  const bool of_file = !config.train_config.empty();
  cli::as_usage_errors([&] {
    if (of_file) json = io::read_config_file(config.train_config);
    config.keys.apply(json);
    result = train::load_train_config(
        json, of_file ? io::name_of_input(config.train_config) : "--preset",
        !of_file && config.preset.empty() ? "fine_tune" : config.preset);
    if (config.cache_given) {
      result.train.cache_features = config.cache_features;
      result.validate_values();
    }
  });
  if (config.dataset.empty()) return result;
  data::TrainDataConfig data;
  data.dataset = config.dataset;
  data.root = config.root;
  result.data.push_back(data);
  if (result.validate.empty()) {
    const data::DatasetFiles files = data::dataset_files(config.dataset, config.root, "val");
    result.validate = files.annotations;
    result.validate_root = files.root;
    if (config.dataset != "coco" && !json.contains("validate_by"))
      result.validate_by = train::ValidationScore::kAp;
  }
  return result;
}

int run(const Config& config, const cli::Common& common) {
  using cli::require;
  require(!config.train_config.empty() || !config.preset.empty() || !config.keys.start.empty(),
          "nothing to train: use --config, --preset or --start");
  require(config.keys.images.empty() || !config.keys.data.empty(), "--images requires --data");
  require(!config.output.empty(), "no output: use -o");
  require(config.dataset.empty() == config.root.empty(),
          "--dataset and --root must be used together");
  require(config.resume + config.dry_run + !config.fit_scores.empty() <= 1,
          "--dry-run, --resume and --fit-scores are mutually exclusive");
  require(config.cache_features >= 0, "--cache-features must not be negative");
  cli::as_usage_errors([&] { require_utf8(config.root); });
  one_of("--preset", config.preset, train::preset_names());
  one_of("--dataset", config.dataset, data::dataset_names());
  ops::prepare_runtime();
  const train::TrainConfig what = train_config(config);
  train::TrainerOptions options;
  options.output = config.output;
  options.resume = config.resume;
  options.threads = common.threads;
  options.stopped = cli::stop_requested;
  const auto place = train::process_place();
  options.device = ops::choose_device(config.device);
  if (!config.fit_scores.empty()) {
    const auto report = train::fit_scores(what, {.weights = config.fit_scores,
                                                 .output = config.output,
                                                 .threads = common.threads,
                                                 .device = options.device,
                                                 .stopped = cli::stop_requested});
    if (!report) return cli::kFailure;
    std::fputs(report->c_str(), stdout);
    return cli::kSuccess;
  }
  if (config.dry_run) return train::preview(what, config.output) ? cli::kSuccess : cli::kFailure;
  if (place && !config.device.index && options.device.is_cuda()) {
    options.device =
        ops::choose_device({ops::DeviceKind::kCuda, train::gpu_of(*place, ops::cuda_devices())});
  }
  train::ProcessGroup processes =
      place ? train::ProcessGroup(*place, options.device) : train::ProcessGroup();
  if (!train::run_training(what, options, std::move(processes))) {  // some process got a signal
    log_info("stopped; continue with --resume");
    return cli::kFailure;
  }
  return cli::kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  Config config;
  cli::Tool tool("vremd-train", "train pose networks", cli::ConfigOption::kOwn);
  tool.option("config", config.train_config, "FILE", "training configuration (JSON)");
  tool.option("preset", config.preset, "NAME",
              fmt::format("start from a predefined configuration: {}",
                          fmt::join(train::preset_names(), ", ")));
  tool.option("start", config.keys.start, "FILE",
              "train a trained model further; without --config and --preset: by fine_tune");
  tool.option("data", config.keys.data, "FILE", "annotations to train on (repeatable)");
  tool.option("images", config.keys.images, "DIR", "top directory of the images of --data");
  tool.option("validate", config.keys.validate, "FILE", "annotations to score after each epoch");
  tool.option("set", config.keys.set, "KEY=VALUE", "set a key of the configuration (repeatable)");
  tool.option("dataset", config.dataset, "NAME",
              fmt::format("standard data set: {}", fmt::join(data::dataset_names(), ", ")));
  tool.option("root", config.root, "DIR", "top directory of the data set, as downloaded");
  tool.option("o,output", config.output, "DIR", "directory for checkpoints, weights and metrics");
  tool.option("cache-features", config.cache_features, "K",
              "cache backbone features for K augmentations per person");
  tool.option("resume", config.resume, "continue the run in DIR");
  tool.option("dry-run", config.dry_run,
              "check the data and draw samples to DIR, without training");
  tool.option("fit-scores", config.fit_scores, "MODEL",
              "do not train: write MODEL with scores fitted to the data to the file of -o");
  tool.option("device", config.device, "D", "compute device: auto, cpu, cuda or cuda:N");
  tool.versions([] { return std::vector<std::string>{std::string("LibTorch ") + TORCH_VERSION}; });
  return tool.run(argc, argv, [&](const cli::Common& common) {
    config.cache_given = tool.given("cache-features");
    return run(config, common);
  });
}
