// SPDX-License-Identifier: Apache-2.0
// vremd-detect: videos -> person boxes (JSON Lines).

#include "cli/jobs.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "core/log.h"
#include "io/find_weights.h"
#include "io/safetensors.h"
#include "ops/device.h"
#include "pipeline/detect_pipeline.h"
#include "pipeline/versions.h"

using namespace vremd;

namespace {

struct DetectConfig {
  std::vector<std::string> inputs;
  cli::OutputOptions output;
  std::string weights = "nanodet-g", root, frames, precision = "fp32";
  DetectorOptions detector;
  int every = 1;
  bool stills = false, fail_fast = false;

  void validate() const {
    try {
      detector.validate();
    } catch (const Error& error) {
      throw cli::UsageError(error.what());
    }
    const std::string& device = detector.device;
    if (device != "auto" && device != "cpu" && !device.starts_with("cuda")) {
      throw cli::UsageError("--device must be auto, cpu, cuda or cuda:N, not '" + device + "'");
    }
    if (every < 1 || every > 100000) throw cli::UsageError("--every must be in [1, 100000]");
    if (precision != "fp32" && precision != "bf16") {
      throw cli::UsageError("--precision must be fp32 or bf16, not '" + precision + "'");
    }
  }
};

Json settings_of(const DetectConfig& config, const PersonDetector& detector) {
  Json settings = detector.settings();
  if (config.every > 1) settings["every"] = config.every;
  if (!config.frames.empty()) settings["frames"] = config.frames;
  return settings;
}

// One output: the records of the job's videos. Gives the exit status.
int detect(const cli::Job& job, DetectInput input, const Header& header,
           const PersonDetector& detector, const DetectConfig& config,
           const cli::Common& common) {
  OutputFile out(job.output, config.output.force);
  cli::Progress progress("frames", common.progress);
  input.videos = job.inputs;
  input.advanced = [&] { progress.advance(); };
  RecordWriter writer(out);
  const DetectCounts counts = run_detect_pipeline(input, header, detector, writer);

  if (cli::stop_signal()) {
    return cli::stopped(writer.frames(), out.keep_partial());
  }
  const bool failed = counts.failed > 0;
  if (counts.videos > 0) cli::finish(out, job, failed);
  const double seconds = progress.seconds();
  log_info("{}{} frames, {} people, {:.1f} s, {:.1f} frames/s, {:.0f} MiB",
           cli::label_of(job), writer.frames(), writer.instances(), seconds,
           static_cast<double>(writer.frames()) / seconds, cli::peak_memory_mib());
  return failed ? cli::kFailure : cli::kSuccess;
}

int run(DetectConfig& config, const cli::Common& common) {
  config.validate();
  const auto range = cli::parse_frames(config.frames);
  const std::vector<cli::Job> jobs = config.output.jobs(config.inputs);
  if (jobs.empty()) return cli::kSuccess;

  prepare_runtime();
  const SafetensorsFile weights(find_weights(config.weights));
  auto sha256 = weights.sha256();
  config.detector.bf16 = config.precision == "bf16";
  const PersonDetector detector(weights, config.detector);

  Header header;
  header.tool = common.tool;
  header.version = common.version;
  header.command = common.command;
  header.model = "sha256:" + sha256.get();
  header.settings = settings_of(config, detector);
  header.device = detector.device();
  header.precision = config.precision;

  DetectInput input;
  input.root = config.root;
  input.stills = config.stills;
  input.fail_fast = config.fail_fast;
  input.first_frame = range.first;
  input.last_frame = range.last;
  input.every = config.every;
  input.threads = common.threads;
  input.stopped = [] { return cli::stop_signal() != 0; };
  log_info("{}: {} on {}, {}, {} threads", common.version, weights.path(), detector.device(),
           config.precision, common.threads);
  return cli::run_jobs(jobs, config.fail_fast, [&](const cli::Job& job) {
    return detect(job, input, header, detector, config, common);
  });
}

}  // namespace

int main(int argc, char** argv) {
  DetectConfig config;
  DetectorOptions& detector = config.detector;
  cli::Tool tool("vremd-detect", "detect people in videos and images");
  tool.versions(library_versions);
  tool.inputs(config.inputs, "[VIDEO...]");
  tool.option("w,weights", config.weights, "FILE",
              "weights file or name of a bundled model");
  config.output.add_to(tool);
  tool.option("input-size", detector.input_sizes, "N[,N...]",
              "longer side of the network input, pixels; by default model-specific");
  tool.option("min-score", detector.min_score, "NUM", "discard boxes with a lower score");
  tool.option("max-people", detector.max_people, "N", "keep the N best boxes per frame; 0: all");
  tool.option("every", config.every, "K", "detect on every K-th frame; reuse its boxes in between");
  tool.option("frames", config.frames, "A:B", "process only frames [A, B)");
  tool.option("stills", config.stills,
              "treat each image of a directory or pattern as a separate video");
  tool.option("root", config.root, "DIR", "directory prepended to relative video paths");
  tool.option("fail-fast", config.fail_fast, "stop at the first video that cannot be read");
  tool.option("device", detector.device, "D", "compute device: auto, cpu, cuda or cuda:N");
  tool.option("precision", config.precision, "P", "arithmetic precision: fp32 or bf16");
  return tool.run(argc, argv, [&](const cli::Common& common) { return run(config, common); });
}
