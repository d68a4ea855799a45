// SPDX-License-Identifier: Apache-2.0
// vremd-pose: video and person boxes -> keypoints (JSON lines).

#include "cli/signals.h"
#include "cli/tool.h"
#include "core/log.h"
#include "ops/device.h"
#include "pipeline/pose_dump.h"
#include "pipeline/pose_options.h"
#include "pipeline/pose_pipeline.h"

#include <algorithm>
#include <memory>

using namespace vremd;

namespace {

struct PoseConfig {
  std::vector<std::string> inputs;
  std::string output = "-", weights = "vremd-light", video, root, frames, joints, dump;
  std::string decode = "auto", device = "auto", precision = "fp32";
  double enlarge = 0, delta_ms = 0;
  int stride = 1, batch_size = 0;
  bool force = false, flip = false, stats = false;

  void validate() const {
    const auto check = [](bool ok, const char* what) {
      if (!ok) throw cli::UsageError(what);
    };
    check(enlarge == 0 || (enlarge >= 0.1 && enlarge <= 10), "--enlarge must be in [0.1, 10]");
    check(batch_size >= 0 && batch_size <= 4096, "--batch-size must be in [0, 4096]");
    check(stride >= 1 && stride <= 100, "--stride must be in [1, 100]");
    check(delta_ms >= 0 && delta_ms <= 10000, "--delta-ms must be in [0, 10000]");
    check(precision == "fp32" || precision == "bf16", "--precision takes fp32 or bf16");
    check(device == "auto" || device == "cpu" || device.starts_with("cuda"),
          "--device takes auto, cpu, cuda or cuda:N");
    check(is_decode(decode), "--decode takes auto, argmax, quarter, dark or dark_udp");
    for (const std::string& path : inputs) {
      if (!looks_like_video(path)) continue;
      throw cli::UsageError(fmt::format("{} is a video; use: vremd-detect {} | vremd-pose", path,
                                        path));
    }
  }
};

EstimatorOptions estimator_options(const PoseConfig& config, const LoadedModel& loaded) {
  EstimatorOptions options;
  options.device = choose_device(config.device);
  options.bf16 = config.precision == "bf16";
  options.flip = config.flip;
  options.decode = parse_decode(config.decode, loaded.config);
  options.enlarge = config.enlarge > 0 ? config.enlarge : loaded.config.input.enlarge;
  options.joints = parse_joints(config.joints, loaded.config);
  options.batch_size = config.batch_size ? config.batch_size : options.device.is_cpu() ? 8 : 64;
  return options;
}

Json settings_of(const PoseConfig& config, const EstimatorOptions& options, int frames) {
  Json settings{{"enlarge", options.enlarge},
                {"decode", name_of(options.decode)},
                {"flip", options.flip}};
  if (frames > 1 && config.delta_ms > 0) settings["delta_ms"] = config.delta_ms;
  if (frames > 1 && config.delta_ms == 0) settings["stride"] = config.stride;
  if (!config.frames.empty()) settings["frames"] = config.frames;
  return settings;
}

int report(const PoseReader& reader, PoseEstimator& estimator, const RecordWriter& writer,
           double seconds) {
  const auto& counts = reader.counts();
  const auto warn = [](std::int64_t count, const char* what) {
    if (count) log_warning("{} {}", count, what);
  };
  warn(counts.uncropped, "instances without keypoints: their boxes cannot be cropped");
  warn(counts.undecoded, "instances without keypoints: their frames cannot be decoded");
  warn(counts.substituted, "neighbours cannot be used: the frame itself stood in for them");
  for (std::size_t i = 0; i < kStageNames.size(); ++i) {
    log_verbose("{}: {:.2f} s", kStageNames[i], estimator.times().seconds(static_cast<Stage>(i)));
  }
  log_verbose("{} of {} crops encoded", estimator.encoded(), estimator.crops());
  log_info("{} frames, {} people, {:.1f} s, {:.1f} frames/s, {:.1f} persons/s, {:.0f} MiB",
           writer.frames(), writer.instances(), seconds, writer.frames() / seconds,
           writer.instances() / seconds, cli::peak_memory_mib());
  return counts.failed_videos > 0 || reader.cut() ? cli::kFailure : cli::kSuccess;
}

int pose(const PoseConfig& config, const cli::Common& common) {
  config.validate();
  const auto range = cli::parse_frames(config.frames);
  PoseInput input;
  input.records = cli::inputs_or_stdin(config.inputs);
  OutputFile out(config.output, config.force);

  prepare_runtime();
  const std::string weights = find_weights(config.weights);
  const LoadedModel loaded = load_model(weights);
  const EstimatorOptions options = estimator_options(config, loaded);
  if (options.enlarge != loaded.config.input.enlarge) {
    log_warning("--enlarge {}: the weights were trained with {}", options.enlarge,
                loaded.config.input.enlarge);
  }
  PoseEstimator estimator(loaded, options);
  if (!config.dump.empty()) {
    estimator.dump = PoseDump(config.dump, loaded.config, estimator.crop_spec(), loaded.sha256);
  }

  Header header;
  header.tool = common.tool;
  header.version = common.version;
  header.command = common.command;
  header.model = "sha256:" + loaded.sha256;
  header.settings = settings_of(config, options, estimator.frames());
  header.device = name_of(options.device);
  header.precision = config.precision;
  header.joints = selected_joints(options.joints, loaded.config);

  input.video = config.video;
  input.root = config.root;
  input.first_frame = range.first;
  input.last_frame = range.last;
  input.with_neighbours = estimator.frames() > 1;
  input.neighbours = {.stride = config.stride, .delta_ms = config.delta_ms};
  input.chunk_persons = options.batch_size;
  input.chunk_frames = std::max(8, options.device.is_cpu() ? 0 : options.batch_size);
  input.stopped = [] { return cli::stop_signal() != 0; };
  PoseReader reader(std::move(input), std::move(header));

  log_info("{}: {} on {}, {}, {} threads, batch {}", common.version, weights,
           name_of(options.device), config.precision, common.threads, options.batch_size);
  cli::Progress progress(common.tool, common.progress);
  RecordWriter writer(out);
  run_pose_pipeline(reader, estimator, writer,
                    {.threads = common.threads,
                     .stats = config.stats,
                     .advanced = [&](std::int64_t frames) { progress.advance(frames); }});
  if (cli::stop_signal()) {
    const std::string partial = out.keep_partial();
    log_info("stopped after {} frames{}{}", writer.frames(), partial.empty() ? "" : ": ", partial);
    return cli::kFailure;
  }
  const int status = report(reader, estimator, writer, progress.seconds());
  if (reader.videos() > reader.counts().failed_videos) out.commit();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  PoseConfig config;
  cli::Tool tool("vremd-pose", "keypoints of the people in detection records");
  tool.inputs(config.inputs, "[RECORDS...]");
  tool.option("w,weights", config.weights, "FILE", "weights: a file, or the name of shipped ones");
  tool.option("o,output", config.output, "FILE", "write here; '-' is standard output");
  tool.option("f,force", config.force, "replace an existing FILE");
  tool.option("video", config.video, "FILE", "instead of the video that the records name");
  tool.option("root", config.root, "DIR", "folder in front of relative names of videos");
  tool.option("frames", config.frames, "A:B", "frames A to B - 1 alone");
  tool.option("enlarge", config.enlarge, "R", "size of the crop in boxes; 0: as trained");
  tool.option("joints", config.joints, "SET", "joints to write: a set, or names with commas");
  tool.option("decode", config.decode, "HOW", "auto, argmax, quarter, dark or dark_udp");
  tool.option("flip", config.flip, "average with the mirrored crop: better, half as fast");
  tool.option("stride", config.stride, "K", "neighbours are K frames away");
  tool.option("delta-ms", config.delta_ms, "MS", "neighbours by time instead; 0: by --stride");
  tool.option("batch-size", config.batch_size, "N", "people worked on together; 0: by the device");
  tool.option("device", config.device, "D", "auto, cpu, cuda or cuda:N");
  tool.option("precision", config.precision, "P", "fp32 or bf16");
  tool.option("dump", config.dump, "DIR", "write crops, heatmaps and inner tensors there");
  tool.option("stats", config.stats, "end records tell the seconds of each stage");
  return tool.run(argc, argv, [&](const cli::Common& common) { return pose(config, common); });
}
