// SPDX-License-Identifier: Apache-2.0
// vremd-detect: videos -> person boxes (JSON Lines).

#include "cli/batch.h"
#include "cli/tool.h"
#include "core/log.h"
#include "core/text.h"
#include "io/safetensors.h"
#include "ops/device.h"
#include "pipeline/detect_pipeline.h"
#include "pipeline/versions.h"
#include "video/fingerprint.h"
#include "video/picture_names.h"

#include <tuple>

using namespace vremd;

namespace {

struct DetectConfig {
  std::vector<std::string> inputs;
  cli::BatchOptions batch;
  std::string weights = "nanodet-g", root, frames, nms = "auto", cuts = "auto";
  detect::DetectorOptions detector;
  int every = 1;
  bool stills = false;

  void validate() {
    if (nms != "auto") {
      const auto iou = number_after("iou:", nms);
      cli::require(iou && *iou > 0 && *iou < 1,
                   "--nms must be auto or iou:NUM with NUM between 0 and 1, not '" + nms + "'");
      detector.nms_iou = *iou;
    }
    cli::as_usage_errors([&] { detector.validate(); });
    cli::require(every >= 1 && every <= 100000, "--every must be in [1, 100000]");
  }
};

std::size_t count_pictures(const std::string& path) {
  try {
    return video::pictures_of(path).size();
  } catch (const Error&) {
    return 0;  // none that is not in a complete output
  }
}

// Writes the records of the job's videos.
cli::Outcome detect_input(const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress,
                          pipeline::DetectInput input, const io::Header& header,
                          const detect::PersonDetector& detector, const DetectConfig& config) {
  io::RecordWriter writer(out.file());
  input.done = {out.left()};
  input.videos = job.inputs;
  input.threads = job.threads;
  const bool whole = config.frames.empty();
  input.advanced = [&] { progress.advance(1, whole ? writer.frames_expected() : 0); };
  const pipeline::DetectCounts counts =
      pipeline::run_detect_pipeline(input, job.header(header), detector, writer);
  const auto frames = writer.frames();
  if (!whole && frames == 0 && !cli::stop_requested()) {
    log_warning("--frames {}: no such frames", config.frames);
  }
  cli::Outcome outcome = cli::outcome_of(writer);
  outcome.any = counts.videos > 0;
  outcome.complete = counts.failed == 0;
  outcome.reason = counts.failure;
  outcome.taken = counts.taken;
  const double seconds = progress.seconds();
  outcome.summary =
      fmt::format("{} frames, {} people, {:.1f} s, {:.1f} frames/s, {:.0f} MiB", frames,
                  outcome.people, seconds, frames / seconds, cli::peak_memory_mib());
  return outcome;
}

int run(DetectConfig& config, const cli::Common& common) {
  config.validate();
  pipeline::DetectInput input;
  std::tie(input.first_frame, input.last_frame) = cli::parse_frames(config.frames);
  cli::Batch batch(config.batch, common, config.inputs, config.root);
  if (batch.empty()) return cli::kSuccess;
  io::Header header = common.header();

  ops::prepare_runtime();
  const io::SafetensorsFile weights(io::find_weights(config.weights));
  auto sha256 = weights.sha256();
  const detect::PersonDetector detector(weights, config.detector);

  header.model = "sha256:" + sha256.get();
  header.settings = detector.settings();
  if (config.every > 1) header.settings["every"] = config.every;
  if (!config.frames.empty()) header.settings["frames"] = config.frames;
  header.settings["cuts"] = config.cuts;
  header.device = detector.device();
  header.precision = name_of(config.detector.precision);

  input.root = config.root;
  input.stills = config.stills;
  input.fail_fast = config.batch.fail_fast;
  input.every = config.every;
  input.find_cuts = config.cuts == "auto";
  if (config.cuts != "auto" && config.cuts != "off") {
    cli::require(config.inputs.size() <= 1, "--cuts FILE is for a single video");
    input.cuts = pipeline::read_cuts(config.cuts);
  }
  input.stopped = cli::stop_requested;
  log_info("{}: {} on {}, {}, {} threads", common.version, weights.path(), detector.device(),
           *header.precision, common.threads);
  const auto expected = [&](const cli::Job& job) {
    const std::string path = io::join_root(config.root, job.inputs[0]);
    if (config.stills) return cli::Expected{header, count_pictures(path)};
    cli::Expected of_job{header};
    of_job.header.fingerprint = video::fingerprint(path);
    return of_job;
  };
  return batch.run(header, expected,
                   [&](const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress) {
                     return detect_input(job, out, progress, input, header, detector, config);
                   });
}

}  // namespace

int main(int argc, char** argv) {
  DetectConfig config;
  detect::DetectorOptions& detector = config.detector;
  cli::Tool tool("vremd-detect", "detect people in videos and images");
  tool.versions(pipeline::library_versions);
  tool.inputs(config.inputs, "[VIDEO...]");
  tool.option("w,weights", config.weights, "FILE", "weights file or name of a bundled model");
  config.batch.add_to(tool);
  tool.option("input-size", detector.input_sizes, "N[,N...]",
              "longer side of the network input, pixels; by default model-specific");
  tool.option("min-score", detector.min_score, "NUM", "discard boxes with a lower score");
  tool.option("nms", config.nms, "HOW",
              "drop boxes that overlap a better one: auto (by model), or iou:NUM above this IoU");
  tool.option("max-people", detector.max_people, "N", "keep the N best boxes per frame; 0: all");
  tool.option("every", config.every, "K", "detect on every K-th frame; reuse its boxes in between");
  tool.option("cuts", config.cuts, "auto|off|FILE",
              "find the first frame of each shot, or read their numbers from FILE");
  tool.option("frames", config.frames, "A:B", "process only frames [A, B)");
  tool.option("stills", config.stills,
              "treat each image of a directory or pattern as a separate video");
  tool.option("root", config.root, "DIR", "directory prepended to relative video paths");
  tool.option("device", detector.device, "D", "compute device: auto, cpu, cuda or cuda:N");
  tool.option("precision", detector.precision, "P", "arithmetic precision: fp32 or bf16");
  return tool.run(argc, argv, [&](const cli::Common& common) { return run(config, common); });
}
