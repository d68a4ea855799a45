// SPDX-License-Identifier: Apache-2.0
// vremd-pose: video and person boxes -> keypoints (JSON Lines).

#include "cli/batch.h"
#include "cli/tool.h"
#include "core/log.h"
#include "io/done_records.h"
#include "ops/device.h"
#include "pipeline/pose_dump.h"
#include "pipeline/pose_nms.h"
#include "pipeline/pose_options.h"
#include "pipeline/pose_pipeline.h"
#include "pipeline/versions.h"
#include "video/reader.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

using namespace vremd;

namespace {

struct PoseConfig {
  cli::BatchOptions batch;
  std::vector<std::string> inputs;
  std::string weights = "vremd-light", frames, dump;
  pipeline::PoseChoices choices;
  bool stats = false;
  pipeline::PoseInput input;
  pipeline::EstimatorOptions estimator;

  PoseConfig() { estimator.enlarge = estimator.batch_size = 0; }  // 0: by weights and device

  void validate() const {
    using cli::require;
    cli::as_usage_errors([&] {
      pipeline::check_pose_options(estimator, input.neighbours);
      pipeline::parse_nms(choices.nms);
    });
    const bool one_file = batch.folder.empty();
    const std::string& source = input.done.path;
    std::error_code ignored;
    require(source.empty() || !std::filesystem::equivalent(source, batch.output, ignored),
            "--resume-from and --output must be different files");
    require(source.empty() || batch.resume == cli::Resume::kNo,
            "--resume and --resume-from are mutually exclusive");
    require(one_file || source.empty(), "--resume-from cannot be used with --output-dir");
    require(one_file || input.video.empty(), "--video cannot be used with --output-dir");
    require(one_file || dump.empty(), "--dump cannot be used with --output-dir");
    require(batch.videos == 1 || !stats, "--stats and --videos are mutually exclusive");
    for (const std::string& path : inputs) {
      require(!video::looks_like_video(path),
              path + " is a video; use: vremd-detect " + path + " | vremd-pose");
    }
  }
};

// Writes the records of the job's inputs with keypoints.
cli::Outcome pose(const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress,
                  pipeline::PoseInput input, const io::Header& header,
                  pipeline::PoseEstimator& estimator, const PoseConfig& config) {
  if (input.done.path.empty()) input.done = {out.left()};
  input.records = job.inputs;
  pipeline::PoseReader reader(std::move(input), job.header(header));
  io::RecordWriter writer(out.file());
  const bool whole = config.frames.empty();
  const std::int64_t removed = pipeline::run_pose_pipeline(
      reader, estimator, writer,
      {.threads = job.threads, .stats = config.stats, .advanced = [&](std::int64_t frames) {
         progress.advance(frames, whole ? writer.frames_expected() : 0);
       }});
  if (config.input.nms_oks > 0) log_info("{} people removed by --nms", removed);
  if (!cli::stop_requested()) pipeline::log_counts(reader);
  const pipeline::PoseReader::Counts& counts = reader.counts();
  cli::Outcome outcome = cli::outcome_of(writer);
  if (!whole && outcome.frames == 0 && !cli::stop_requested()) {
    log_warning("--frames {}: no such frames", config.frames);
  }
  outcome.any = counts.videos > counts.failed_videos;
  outcome.complete = counts.failed_videos == 0 && !reader.truncated();
  outcome.reason = reader.truncated() ? "truncated input" : counts.failure;
  outcome.taken = reader.taken();
  const double seconds = progress.seconds();
  outcome.summary =
      fmt::format("{} frames, {} people, {:.1f} s, {:.1f} frames/s, {:.1f} persons/s, {:.0f} MiB",
                  outcome.frames, outcome.people, seconds, outcome.frames / seconds,
                  outcome.people / seconds, cli::peak_memory_mib());
  return outcome;
}

int run(PoseConfig& config, const cli::Common& common) {
  config.validate();
  pipeline::PoseInput& input = config.input;
  std::tie(input.first_frame, input.last_frame) = cli::parse_frames(config.frames);
  cli::Batch batch(config.batch, common, config.inputs, input.root);
  if (batch.empty()) return cli::kSuccess;
  io::Header header = common.header();
  ops::prepare_runtime();
  const std::string weights = io::find_weights(config.weights);
  const model::LoadedModel loaded = model::load_model(weights);
  cli::as_usage_errors([&] {
    pipeline::parse_joints(config.choices.joints, loaded.config);
    pipeline::parse_parts(config.choices.knock_out, loaded.config);
  });
  const pipeline::EstimatorOptions options =
      pipeline::resolve_options(config.estimator, config.choices, loaded.config);
  input.nms_oks = pipeline::parse_nms(config.choices.nms);
  input.with_neighbours = loaded.config.frames() > 1;
  input.stopped = cli::stop_requested;
  input.chunk_persons = options.batch_size;
  if (!options.device.is_cpu()) input.chunk_frames = std::max(8, options.batch_size);
  pipeline::PoseEstimator estimator(loaded, options);
  if (!config.dump.empty()) {
    estimator.dump =
        pipeline::PoseDump(config.dump, loaded.config, estimator.crop_spec(), loaded.sha256);
  }
  header.model = "sha256:" + loaded.sha256;
  header.settings = pipeline::settings_of(options, input);
  if (!config.frames.empty()) header.settings["frames"] = config.frames;
  if (!config.choices.knock_out.empty()) header.settings["knock_out"] = config.choices.knock_out;
  header.device = options.device.str();
  header.precision = name_of(options.precision);
  header.joints = pipeline::selected_joints(options.joints, loaded.config);
  log_info("{}: {} on {}, {}, {} threads, batch {}", common.version, weights, *header.device,
           *header.precision, common.threads, options.batch_size);
  const auto expected = [&](const cli::Job& job) {
    cli::Expected of_job{header, io::ended_videos(job.inputs[0])};
    if (const auto first = io::first_header(job.inputs[0])) {
      of_job.header.from = io::provenance(*first);
    }
    return of_job;
  };
  const int status =
      batch.run(header, expected,
                [&](const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress) {
                  return pose(job, out, progress, input, header, estimator, config);
                });
  pipeline::log_times(estimator);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  PoseConfig config;
  pipeline::PoseInput& input = config.input;
  pipeline::EstimatorOptions& estimator = config.estimator;
  cli::Tool tool("vremd-pose", "estimate the poses of detected people");
  tool.inputs(config.inputs, "[RECORDS...]");
  tool.option("w,weights", config.weights, "FILE", "weights file or name of a bundled model");
  config.batch.add_to(tool);
  input.done.must_agree = true;
  tool.option("resume-from", input.done.path, "FILE",
              "continue from the partial output of an interrupted run");
  tool.option("video", input.video, "FILE",
              "read frames from FILE instead of the video in the header");
  tool.option("root", input.root, "DIR", "directory prepended to relative video paths");
  tool.option("frames", config.frames, "A:B", "process only frames [A, B)");
  tool.option("box-padding,enlarge", estimator.enlarge, "R",
              "crop size as a multiple of the box; 0: as trained");
  tool.option("joints", config.choices.joints, "SET",
              "joints to write: a joint set or a comma-separated list of names");
  tool.option("decode", config.choices.decode, "HOW",
              "heatmap decoding: auto, argmax, quarter, dark or dark_udp", "auto");
  tool.option("flip", estimator.flip, "flip test: more accurate, twice the time");
  tool.option("nms", config.choices.nms, "HOW",
              "remove second poses of a person: none, or oks:NUM above this OKS");
  tool.option("stride", input.neighbours.stride, "K",
              "distance to the neighbouring frames in frames");
  tool.option("delta-ms", input.neighbours.delta_ms, "MS",
              "distance to the neighbouring frames in milliseconds; 0: use --stride");
  tool.option("batch-size", estimator.batch_size, "N",
              "people per batch; 0: by device (CPU 8, GPU 64)");
  tool.option("device", config.choices.device, "D", "compute device: auto, cpu, cuda or cuda:N");
  tool.option("precision", estimator.precision, "P", "arithmetic precision: fp32 or bf16");
  tool.option("knock-out", config.choices.knock_out, "PARTS",
              "measure the network without parts of it: " + enum_choices<model::Part>());
  tool.option("dump", config.dump, "DIR", "write crops, heatmaps and intermediate tensors to DIR");
  tool.option("stats", config.stats, "add the CPU time of each stage to the end records");
  tool.versions(pipeline::library_versions);
  return tool.run(argc, argv, [&](const cli::Common& common) {
    cli::require(!tool.given("stride") || !tool.given("delta-ms"),
                 "--stride and --delta-ms are mutually exclusive");
    return run(config, common);
  });
}
