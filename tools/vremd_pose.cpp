// SPDX-License-Identifier: Apache-2.0
// vremd-pose: video and person boxes -> keypoints (JSON Lines).

#include "cli/jobs.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "core/log.h"
#include "ops/device.h"
#include "pipeline/pose_dump.h"
#include "pipeline/pose_options.h"
#include "pipeline/pose_pipeline.h"
#include "pipeline/versions.h"

#include <algorithm>

using namespace vremd;

namespace {

struct PoseConfig {
  cli::OutputOptions output;
  std::vector<std::string> inputs;
  std::string weights = "vremd-light", frames, joints, dump;
  std::string decode = "auto", device = "auto", precision = "fp32";
  bool stats = false, fail_fast = false;
  PoseInput input;
  EstimatorOptions estimator;

  PoseConfig() { estimator.enlarge = estimator.batch_size = 0; }  // weights and device will say

  void validate() const {
    const auto check = [](bool ok, const char* what) {
      if (!ok) throw cli::UsageError(what);
    };
    const double enlarge = estimator.enlarge, delta_ms = input.neighbours.delta_ms;
    const int stride = input.neighbours.stride;
    check(enlarge == 0 || (enlarge >= 0.1 && enlarge <= 10), "--box-padding must be in [0.1, 10]");
    check(estimator.batch_size >= 0 && estimator.batch_size <= 4096,
          "--batch-size must be in [0, 4096]");
    check(stride >= 1 && stride <= 100, "--stride must be in [1, 100]");
    check(delta_ms >= 0 && delta_ms <= 10000, "--delta-ms must be in [0, 10000]");
    check(precision == "fp32" || precision == "bf16", "--precision must be fp32 or bf16");
    check(device == "auto" || device == "cpu" || device.starts_with("cuda"),
          "--device must be auto, cpu, cuda or cuda:N");
    check(is_decode(decode), "--decode must be auto, argmax, quarter, dark or dark_udp");
    check(input.resume_from.empty() || input.resume_from != output.output,
          "--resume-from and --output must be different files");
    check(output.folder.empty() || input.resume_from.empty(),
          "--resume-from cannot be used with --output-dir");
    check(output.folder.empty() || input.video.empty(),
          "--video cannot be used with --output-dir");
    check(output.folder.empty() || dump.empty(), "--dump cannot be used with --output-dir");
    for (const std::string& path : inputs) {
      if (!looks_like_video(path)) continue;
      throw cli::UsageError(path + " is a video; use: vremd-detect " + path + " | vremd-pose");
    }
  }
};

// What the command line leaves open is for the weights and the device to say.
void complete(PoseConfig& config, const ModelConfig& model) {
  const auto range = cli::parse_frames(config.frames);
  EstimatorOptions& options = config.estimator;
  options.device = choose_device(config.device);
  const bool on_cpu = options.device.is_cpu();
  options.bf16 = config.precision == "bf16";
  options.decode = parse_decode(config.decode, model);
  options.joints = parse_joints(config.joints, model);
  if (options.enlarge == 0) options.enlarge = model.input.enlarge;
  if (options.batch_size == 0) options.batch_size = on_cpu ? 8 : 64;
  if (options.enlarge != model.input.enlarge) {
    log_warning("--box-padding {}: the weights were trained with {}", options.enlarge,
                model.input.enlarge);
  }
  PoseInput& input = config.input;
  input.first_frame = range.first;
  input.last_frame = range.last;
  input.with_neighbours = model.frames() > 1;
  input.stopped = [] { return cli::stop_signal() != 0; };
  input.chunk_persons = options.batch_size;
  if (!on_cpu) input.chunk_frames = std::max(8, options.batch_size);
}

// One output: the records of the job's inputs, with keypoints. Gives the exit status.
int pose(const cli::Job& job, PoseInput input, const Header& header, PoseEstimator& estimator,
         const PoseConfig& config, const cli::Common& common) {
  OutputFile out(job.output, config.output.force);
  input.records = job.inputs;
  PoseReader reader(std::move(input), header);
  cli::Progress progress("frames", common.progress);
  RecordWriter writer(out);
  run_pose_pipeline(reader, estimator, writer,
                    {.threads = common.threads,
                     .stats = config.stats,
                     .advanced = [&](std::int64_t frames) { progress.advance(frames); }});
  if (cli::stop_signal()) {
    return cli::stopped(writer.frames(), out.keep_partial());
  }
  const auto failed_videos = reader.counts().failed_videos;
  const bool failed = failed_videos > 0 || reader.cut();
  if (reader.videos() > failed_videos) cli::finish(out, job, failed);
  log_counts(reader);
  const double seconds = progress.seconds();
  const auto frames = writer.frames(), people = writer.instances();
  log_info("{}{} frames, {} people, {:.1f} s, {:.1f} frames/s, {:.1f} persons/s, {:.0f} MiB",
           cli::label_of(job), frames, people, seconds, frames / seconds, people / seconds,
           cli::peak_memory_mib());
  return failed ? cli::kFailure : cli::kSuccess;
}

int run(PoseConfig& config, const cli::Common& common) {
  config.validate();
  const std::vector<cli::Job> jobs = config.output.jobs(config.inputs);
  if (jobs.empty()) return cli::kSuccess;
  prepare_runtime();
  const std::string weights = find_weights(config.weights);
  const LoadedModel loaded = load_model(weights);
  complete(config, loaded.config);
  const EstimatorOptions& options = config.estimator;
  PoseEstimator estimator(loaded, options);
  if (!config.dump.empty()) {
    estimator.dump = PoseDump(config.dump, loaded.config, estimator.crop_spec(), loaded.sha256);
  }
  Header header;
  header.tool = common.tool;
  header.version = common.version;
  header.command = common.command;
  header.model = "sha256:" + loaded.sha256;
  header.settings = settings_of(options, config.input);
  if (!config.frames.empty()) header.settings["frames"] = config.frames;
  header.device = name_of(options.device);
  header.precision = config.precision;
  header.joints = selected_joints(options.joints, loaded.config);

  log_info("{}: {} on {}, {}, {} threads, batch {}", common.version, weights, *header.device,
           config.precision, common.threads, options.batch_size);
  const int status = cli::run_jobs(jobs, config.fail_fast, [&](const cli::Job& job) {
    return pose(job, config.input, header, estimator, config, common);
  });
  log_times(estimator);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  PoseConfig config;
  PoseInput& input = config.input;
  EstimatorOptions& estimator = config.estimator;
  cli::Tool tool("vremd-pose", "estimate the poses of detected people");
  tool.inputs(config.inputs, "[RECORDS...]");
  tool.option("w,weights", config.weights, "FILE",
              "weights file or name of a bundled model");
  config.output.add_to(tool);
  tool.option("resume-from", input.resume_from, "FILE",
              "continue from the partial output of an interrupted run");
  tool.option("video", input.video, "FILE",
              "read frames from FILE instead of the video in the header");
  tool.option("root", input.root, "DIR", "directory prepended to relative video paths");
  tool.option("frames", config.frames, "A:B", "process only frames [A, B)");
  tool.option("box-padding,enlarge", estimator.enlarge, "R",
              "crop size as a multiple of the box; 0: as trained");
  tool.option("joints", config.joints, "SET",
              "joints to write: a joint set or a comma-separated list of names");
  tool.option("decode", config.decode, "HOW",
              "heatmap decoding: auto, argmax, quarter, dark or dark_udp");
  tool.option("flip", estimator.flip, "flip test: more accurate, twice the time");
  tool.option("stride", input.neighbours.stride, "K",
              "distance to the neighbouring frames in frames");
  tool.option("delta-ms", input.neighbours.delta_ms, "MS",
              "distance to the neighbouring frames in milliseconds; 0: use --stride");
  tool.option("batch-size", estimator.batch_size, "N",
              "people per batch; 0: by device (CPU 8, GPU 64)");
  tool.option("device", config.device, "D", "compute device: auto, cpu, cuda or cuda:N");
  tool.option("precision", config.precision, "P", "arithmetic precision: fp32 or bf16");
  tool.option("dump", config.dump, "DIR", "write crops, heatmaps and intermediate tensors to DIR");
  tool.option("fail-fast", config.fail_fast,
              "with --output-dir: stop at the first input that fails");
  tool.option("stats", config.stats, "add the CPU time of each stage to the end records");
  tool.versions(library_versions);
  return tool.run(argc, argv, [&](const cli::Common& common) { return run(config, common); });
}
