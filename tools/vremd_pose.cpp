// SPDX-License-Identifier: Apache-2.0
// vremd-pose: video and person boxes -> keypoints (JSON Lines).

#include "core/log.h"
#include "io/done_records.h"
#include "io/output_file.h"
#include "ops/device.h"
#include "pipeline/diagnosis.h"
#include "pipeline/pose_dump.h"
#include "pipeline/pose_options.h"
#include "pipeline/pose_pipeline.h"
#include "pipeline/versions.h"
#include "pose_config.h"
#include "track/track_records.h"

#include <optional>

using namespace vremd;

namespace {

// Writes the records of the job's inputs with keypoints.
cli::Outcome pose(const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress,
                  pipeline::PoseInput input, const io::Header& header,
                  pipeline::PoseEstimator& estimator, const PoseConfig& config,
                  const std::optional<Detection>& detection) {
  if (input.done.path.empty()) input.done = {out.left()};
  input.records = job.inputs;
  if (detection) {
    const auto& [stride, delta_ms] = input.neighbours;
    const bool by_frames = input.with_neighbours && !(delta_ms > 0);
    input.detected =
        detection->start(job, by_frames ? stride : 0, input.with_neighbours ? delta_ms / 1000 : 0);
  }
  pipeline::PoseReader reader(std::move(input), job.header(header));
  io::RecordWriter writer(out.file());
  const bool whole = !config.range.given();
  const std::int64_t removed = pipeline::run_pose_pipeline(
      reader, estimator, writer,
      {.threads = job.threads,
       .track = config.track ? std::optional(track::TrackerConfig{}) : std::nullopt,
       .stats = config.stats,
       .advanced = [&](std::int64_t frames) {
         progress.advance(frames, whole ? writer.frames_expected() : 0);
       }});
  if (config.input.nms_oks > 0) log_info("{} people removed by --nms", removed);
  if (!cli::stop_requested()) pipeline::log_counts(reader);
  const pipeline::PoseReader::Counts counts = reader.counts();
  cli::Outcome outcome = cli::outcome_of(writer);
  if (!whole && outcome.frames == 0 && !cli::stop_requested()) {
    log_warning("{}: no such frames", config.range.text());
  }
  outcome.any = counts.videos > counts.failed_videos;
  outcome.complete = counts.failed_videos == 0 && !reader.truncated();
  outcome.reason = reader.truncated() ? "truncated input" : counts.failure;
  outcome.taken = reader.taken();
  outcome.ends_with_stop = config.detect.live;
  const double seconds = progress.seconds();
  outcome.summary = fmt::format(
      "{} frames, {}{} people, {:.1f} s, {:.1f} frames/s, {:.1f} persons/s, {:.0f} MiB",
      outcome.frames, config.detect.live ? fmt::format("{} skipped, ", counts.skipped) : "",
      outcome.people, seconds, outcome.frames / seconds, outcome.people / seconds,
      cli::peak_memory_mib());
  return outcome;
}

int run(PoseConfig& config, const cli::Common& common) {
  pipeline::PoseInput& input = config.input;
  const FrameRange range = config.range.range();
  if (!config.with_detection) input.range = range;
  cli::Batch batch(config.batch, common, config.inputs, input.root);
  if (batch.empty()) return cli::kSuccess;
  io::Header header = common.header();
  ops::prepare_runtime();
  const std::string weights = io::find_weights(config.weights);
  const model::LoadedModel loaded = model::load_model(weights);
  const pipeline::EstimatorOptions options = config.resolve(loaded);
  input.live = config.detect.live;
  if (!input.live) input.stopped = cli::stop_requested;  // else the detection ends the video
  std::optional<Detection> detection;
  if (config.with_detection) {
    config.detect.detector.device = config.choices.device;
    config.detect.detector.precision = options.precision;
    detection.emplace(config.detect, header, input.root, config.range);
    detection->input.fail_fast = config.batch.fail_fast;
  }
  pipeline::PoseEstimator estimator(loaded, options);
  if (!config.dump.empty()) {
    estimator.dump =
        pipeline::PoseDump(config.dump, loaded.config, estimator.crop_spec(), loaded.sha256);
  }
  header.model = "sha256:" + loaded.sha256;
  header.settings = pipeline::settings_of(options, input);
  if (!detection) config.range.add_settings(header.settings);
  if (!config.choices.knock_out.empty()) header.settings["knock_out"] = config.choices.knock_out;
  header.device = options.device.str();
  header.precision = name_of(options.precision);
  header.joints = pipeline::selected_joints(options.joints, loaded.config);
  if (config.track) header.settings["track"] = track::settings_of({}, header.joints);
  log_info("{}: {} on {}, {}, {} threads, batch {}", common.version, weights, *header.device,
           *header.precision, common.threads, options.batch_size);
  const auto expected = [&](const cli::Job& job) {
    if (detection) {
      cli::Expected of_job = detection->expected(job);
      of_job.header = io::following(of_job.header, header, job.inputs[0]);
      of_job.header.joints = header.joints;
      return of_job;
    }
    cli::Expected of_job{header, io::ended_videos(job.inputs[0])};
    if (const auto first = io::first_header(job.inputs[0])) {
      of_job.header.from = io::provenance(*first);
    }
    return of_job;
  };
  const int status =
      batch.run(header, expected,
                [&](const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress) {
                  return pose(job, out, progress, input, header, estimator, config, detection);
                });
  pipeline::log_times(estimator);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  PoseConfig config;
  cli::Tool tool("vremd-pose", "estimate the poses of detected people");
  config.add_to(tool);
  tool.versions(pipeline::library_versions);
  return tool.run(argc, argv, [&](const cli::Common& common) {
    if (config.diagnose) {
      const std::string text = pipeline::diagnosis({config.weights, "nanodet-g"}, ".");
      io::write_file("-", fmt::format("{} {}\n{}", common.tool, common.version, text), false);
      return static_cast<int>(cli::kSuccess);
    }
    config.validate(tool);
    return run(config, common);
  });
}
