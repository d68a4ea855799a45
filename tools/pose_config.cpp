// SPDX-License-Identifier: Apache-2.0
#include "pose_config.h"

#include "cli/quality.h"
#include "core/enum_names.h"
#include "pipeline/pose_nms.h"
#include "video/reader.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace vremd {

void PoseConfig::add_to(cli::Tool& tool) {
  tool.inputs(inputs, "[RECORDS...]\n  vremd-pose --detect [OPTIONS] [VIDEO...]");
  tool.option("detect", with_detection,
              "the inputs are videos, whose people are detected in the same run");
  tool.option("track", track, "number the people across frames, as vremd-track does by default");
  tool.option("w,weights", weights, "FILE", "weights file or name of a bundled model");
  batch.add_output_to(tool);
  tool.option("joints", choices.joints, "SET",
              "joints to write: a joint set or a comma-separated list of names");
  cli::add_quality(tool);
  tool.option("flip", estimator.flip, "flip test: more accurate, twice the time");
  tool.option("device", choices.device, "D", "compute device: auto, cpu, cuda or cuda:N");
  tool.option("precision", estimator.precision, "P", "arithmetic precision: fp32 or bf16");
  tool.group("Input");
  tool.option("root", input.root, "DIR", "directory prepended to relative video paths");
  range.add_to(tool);
  tool.option("video", input.video, "FILE",
              "read frames from FILE instead of the video in the header");
  input.done.must_agree = true;
  tool.option("resume-from", input.done.path, "FILE",
              "continue from the partial output of an interrupted run");
  tool.group("Detection");
  detect.add_to(tool, true);
  tool.group("Pose");
  tool.option("stride", input.neighbours.stride, "K",
              "distance to the neighbouring frames in frames; 0: as trained");
  tool.option("delta-ms", input.neighbours.delta_ms, "MS",
              "distance to the neighbouring frames in milliseconds; 0: use --stride");
  tool.option("box-padding,enlarge", estimator.enlarge, "R",
              "crop size as a multiple of the box; 0: as trained");
  tool.option("reuse", choices.reuse, "HOW",
              "what is computed once for several frames: exact (what is equal), hold:IOU (also "
              "boxes that overlap), off");
  tool.option("decode", choices.decode, "HOW",
              "heatmap decoding: auto, argmax, quarter, dark or dark_udp", "auto");
  tool.option("scores", choices.scores, "HOW",
              "joint scores: auto, calibrated (probabilities) or heatmap (its maximum)", "auto");
  tool.option("nms", choices.nms, "HOW",
              "remove second poses of a person: none, or oks:NUM above this OKS");
  tool.option("batch-size", estimator.batch_size, "N",
              "people per batch; 0: by device (CPU 8, GPU 64)");
  tool.group("Measurement");
  tool.option("stats", stats, "add the CPU time of each stage to the end records");
  tool.option("dump", dump, "DIR", "write crops, heatmaps and intermediate tensors to DIR");
  tool.option("knock-out", choices.knock_out, "PARTS",
              "measure the network without parts of it: " + enum_choices<model::Part>());
  tool.option("diagnose", diagnose, "describe this machine for a bug report, and exit");
  batch.add_to(tool);
}

void PoseConfig::validate(const cli::Tool& tool) {
  using cli::require;
  for (const char* option : {"detector", "input-size", "min-score", "box-nms", "max-people",
                             "every", "cuts", "stills", "live"}) {
    require(with_detection || !tool.given(option),
            std::string("--") + option + " requires --detect");
  }
  if (with_detection) detect.validate(inputs, input.root, batch);
  require(!detect.live || input.done.path.empty(),
          "--live and --resume-from are mutually exclusive");
  require(!with_detection || input.video.empty(), "--video and --detect are mutually exclusive");
  cli::as_usage_errors([&] {
    pipeline::check_pose_options(estimator, input.neighbours);
    pipeline::parse_nms(choices.nms);
    pipeline::parse_reuse(choices.reuse);
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
    require(with_detection || !video::looks_like_video(path),
            path + " is a video; use: vremd-pose --detect " + path);
  }
  require(!tool.given("stride") || !tool.given("delta-ms"),
          "--stride and --delta-ms are mutually exclusive");
}

pipeline::EstimatorOptions PoseConfig::resolve(const model::LoadedModel& loaded) {
  cli::as_usage_errors([&] {
    pipeline::parse_joints(choices.joints, loaded.config);
    pipeline::parse_parts(choices.knock_out, loaded.config);
  });
  const pipeline::Reuse reuse = pipeline::parse_reuse(choices.reuse);
  estimator.share_crops = reuse.crops;
  const pipeline::EstimatorOptions options = pipeline::resolve_options(estimator, choices, loaded);
  input.hold_iou = reuse.hold_iou;
  input.nms_oks = pipeline::parse_nms(choices.nms);
  input.tracked = track;
  input.with_neighbours = loaded.config.frames() > 1;
  if (input.neighbours.stride == 0 && input.neighbours.delta_ms == 0) {
    input.neighbours = {.stride = 1, .delta_ms = loaded.config.input.delta_ms};
  }
  input.chunk_persons = options.batch_size;
  return options;
}

}  // namespace vremd
