// SPDX-License-Identifier: Apache-2.0
// vremd-detect: videos -> person boxes (JSON Lines).

#include "core/log.h"
#include "detect_config.h"
#include "ops/device.h"
#include "pipeline/versions.h"

using namespace vremd;

namespace {

struct Options {
  std::vector<std::string> inputs;
  cli::BatchOptions batch;
  std::string root;
  cli::RangeOptions range;
  DetectConfig detect;
};

// Writes the records of the job's videos.
cli::Outcome detect_input(const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress,
                          const Detection& detection, const Options& options) {
  io::RecordWriter writer(out.file());
  pipeline::DetectInput input = detection.input;
  input.fail_fast = options.batch.fail_fast;
  input.done = {out.left()};
  input.videos = job.inputs;
  input.threads = job.threads;
  const bool whole = !options.range.given();
  input.advanced = [&] { progress.advance(1, whole ? writer.frames_expected() : 0); };
  const pipeline::DetectCounts counts = pipeline::run_detect_pipeline(
      input, job.header(detection.header), detection.detector, writer);
  const auto frames = writer.frames();
  if (!whole && frames + counts.skipped == 0 && !cli::stop_requested()) {
    log_warning("{}: no such frames", options.range.text());
  }
  cli::Outcome outcome = cli::outcome_of(writer);
  outcome.any = counts.videos > 0;
  outcome.complete = counts.failed == 0;
  outcome.reason = counts.failure;
  outcome.taken = counts.taken;
  outcome.ends_with_stop = input.live;
  const double seconds = progress.seconds();
  outcome.summary =
      fmt::format("{} frames, {}{} people, {:.1f} s, {:.1f} frames/s, {:.0f} MiB", frames,
                  input.live ? fmt::format("{} skipped, ", counts.skipped) : "", outcome.people,
                  seconds, frames / seconds, cli::peak_memory_mib());
  return outcome;
}

int run(Options& options, const cli::Common& common) {
  options.detect.validate(options.inputs, options.root, options.batch);
  options.range.range();  // UsageErrors
  cli::Batch batch(options.batch, common, options.inputs, options.root);
  if (batch.empty()) return cli::kSuccess;
  const io::Header base = common.header();
  ops::prepare_runtime();
  const Detection detection(options.detect, base, options.root, options.range);
  log_info("{}: {} on {}, {}, {} threads", common.version, detection.path, *detection.header.device,
           *detection.header.precision, common.threads);
  return batch.run(
      detection.header, [&](const cli::Job& job) { return detection.expected(job); },
      [&](const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress) {
        return detect_input(job, out, progress, detection, options);
      });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  detect::DetectorOptions& detector = options.detect.detector;
  cli::Tool tool("vremd-detect", "detect people in videos and images");
  tool.versions(pipeline::library_versions);
  tool.inputs(options.inputs, "[VIDEO...]");
  options.batch.add_output_to(tool);
  options.detect.add_to(tool, false);
  tool.option("device", detector.device, "D", "compute device: auto, cpu, cuda or cuda:N");
  tool.option("precision", detector.precision, "P", "arithmetic precision: fp32 or bf16");
  tool.group("Input");
  options.range.add_to(tool);
  tool.option("root", options.root, "DIR", "directory prepended to relative video paths");
  options.batch.add_to(tool);
  return tool.run(argc, argv, [&](const cli::Common& common) { return run(options, common); });
}
