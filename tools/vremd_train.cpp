// SPDX-License-Identifier: Apache-2.0
// vremd-train: annotations and pictures or videos -> weights.

#include "cli/signals.h"
#include "cli/tool.h"
#include "core/error.h"
#include "core/log.h"
#include "io/json.h"
#include "train/trainer.h"

#include <ATen/Parallel.h>
#include <torch/version.h>

#include <malloc.h>

#include <fstream>

using namespace vremd;

namespace {

struct Config {
  std::string train_config;
  std::string output;
  bool resume = false;
};

TrainConfig read_config(const std::string& path) {
  std::ifstream in(path);
  if (!in) fail("{}: cannot open", path);
  const Json json = Json::parse(in, nullptr, false, /*ignore_comments=*/true);
  if (json.is_discarded()) fail("{}: not JSON", path);
  return TrainConfig::from_json(json, path);
}

int train(const Config& config, const cli::Common& common) {
  if (config.train_config.empty()) throw cli::UsageError("--config FILE says what to train");
  if (config.output.empty()) throw cli::UsageError("-o FOLDER says where the weights go");
  // Activations come and go in every step: keep the memory instead of giving it back.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  at::set_num_threads(1);
  at::set_num_interop_threads(1);

  TrainerOptions options;
  options.output = config.output;
  options.resume = config.resume;
  options.threads = common.threads;
  options.stopped = [] { return cli::stop_signal() != 0; };
  Trainer trainer(read_config(config.train_config), options);
  if (!trainer.run()) log_info("stopped; go on with --resume");
  return cli::kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  Config config;
  cli::Tool tool("vremd-train", "train a pose network", cli::ConfigOption::kOwn);
  tool.option("config", config.train_config, "FILE", "what to train, on what, how (JSON)");
  tool.option("o,output", config.output, "FOLDER", "checkpoints, weights and metrics go here");
  tool.option("resume", config.resume, "go on with the run in FOLDER");
  tool.versions([] { return std::vector<std::string>{std::string("LibTorch ") + TORCH_VERSION}; });
  return tool.run(argc, argv, [&](const cli::Common& common) { return train(config, common); });
}
