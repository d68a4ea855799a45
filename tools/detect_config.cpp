// SPDX-License-Identifier: Apache-2.0
#include "detect_config.h"

#include "cli/quality.h"
#include "core/text.h"
#include "io/safetensors.h"
#include "video/fingerprint.h"
#include "video/picture_names.h"
#include "video/reader.h"

#include <utility>

namespace vremd {
namespace {

std::size_t count_pictures(const std::string& path) {
  try {
    return video::pictures_of(path).size();
  } catch (const Error&) {
    return 0;  // none that is not in a complete output
  }
}

}  // namespace

void DetectConfig::add_to(cli::Tool& tool, bool of_pose) {
  tool.option(of_pose ? "detector" : "w,weights", weights, "FILE",
              of_pose ? "with --detect: weights of the detector"
                      : "weights file or name of a bundled model");
  if (!of_pose) cli::add_quality(tool);
  tool.option("input-size", detector.input_sizes, "N[,N...]",
              "longer side of the detector's input, pixels; by default model-specific");
  tool.option("min-score", detector.min_score, "NUM", "discard boxes with a lower score");
  tool.option(of_pose ? "box-nms" : "nms", nms, "HOW",
              "drop boxes that overlap a better one: auto (by model), or iou:NUM above this IoU");
  tool.option("max-people", detector.max_people, "N", "keep the N best boxes per frame; 0: all");
  tool.option("every", every, "K", "detect on every K-th frame; reuse its boxes in between");
  tool.option("cuts", cuts, "auto|off|FILE",
              "find the first frame of each shot, or read their numbers from FILE");
  tool.option("stills", stills, "treat each image of a directory or pattern as a separate video");
  tool.option(
      "live", live,
      "the input is a pipe, a device or a URL without end: process each frame as soon as it "
      "is there; skip frames if that takes too long");
}

void DetectConfig::validate_live(const std::vector<std::string>& inputs, const std::string& root,
                                 const cli::BatchOptions& batch) const {
  cli::require(inputs.size() <= 1, "--live is for a single input");
  const std::string source = inputs.empty() ? "-" : inputs[0];
  cli::require(video::can_be_live(io::join_root(root, source)),
               (source == "-" ? "standard input" : source) +
                   " is not a pipe, a device or a URL; --live is for sources that do not wait");
  const auto exclude = [](bool given, const char* option) {
    cli::require(!given, std::string("--live and --") + option + " are mutually exclusive");
  };
  exclude(batch.resume != cli::Resume::kNo, "resume");
  exclude(!batch.folder.empty(), "output-dir");
  exclude(!batch.list.empty(), "files-from");
  exclude(!batch.shard.empty(), "shard");
  exclude(stills, "stills");
}

void DetectConfig::validate(const std::vector<std::string>& inputs, const std::string& root,
                            const cli::BatchOptions& batch) {
  if (nms != "auto") {
    const auto iou = number_after("iou:", nms);
    cli::require(
        iou && *iou > 0 && *iou < 1,
        "the NMS of boxes must be auto or iou:NUM with NUM between 0 and 1, not '" + nms + "'");
    detector.nms_iou = *iou;
  }
  cli::as_usage_errors([&] { detector.validate(); });
  cli::require(every >= 1 && every <= 100000, "--every must be in [1, 100000]");
  cli::require(cuts == "auto" || cuts == "off" || inputs.size() <= 1,
               "--cuts FILE is for a single video");
  if (live) validate_live(inputs, root, batch);
}

Detection::Detection(const io::SafetensorsFile& weights, const DetectConfig& config)
    : path(weights.path()), detector(weights, config.detector) {
  auto sha256 = weights.sha256();
  header.model = "sha256:" + sha256.get();
}

Detection::Detection(const DetectConfig& config, const io::Header& base, const std::string& root,
                     const cli::RangeOptions& range)
    : Detection(io::SafetensorsFile(io::find_weights(config.weights)), config) {
  const auto model = header.model;
  header = base;
  header.tool = "vremd-detect";
  header.model = model;
  header.settings = detector.settings();
  if (config.every > 1) header.settings["every"] = config.every;
  range.add_settings(header.settings);
  header.settings["cuts"] = config.cuts;
  if (config.live) header.settings["live"] = true;
  header.device = detector.device();
  header.precision = name_of(config.detector.precision);

  input.root = root;
  input.stills = config.stills;
  input.live = config.live;
  input.range = range.range();
  input.every = config.every;
  input.find_cuts = config.cuts == "auto";
  if (config.cuts != "auto" && config.cuts != "off") input.cuts = pipeline::read_cuts(config.cuts);
  input.stopped = cli::stop_requested;
}

std::shared_ptr<pipeline::DetectedVideos> Detection::start(const cli::Job& job,
                                                           std::int64_t frames_after,
                                                           double seconds_after) const {
  pipeline::DetectInput videos = input;
  videos.videos = job.inputs;
  videos.threads = job.threads;
  videos.frames_after = frames_after;
  videos.seconds_after = seconds_after;
  return std::make_shared<pipeline::DetectedVideos>(std::move(videos), job.header(header),
                                                    detector);
}

cli::Expected Detection::expected(const cli::Job& job) const {
  const std::string video = io::join_root(input.root, job.inputs[0]);
  if (input.stills) return {header, count_pictures(video)};
  cli::Expected of_job{header};
  of_job.header.fingerprint = video::fingerprint(video);
  return of_job;
}

}  // namespace vremd
