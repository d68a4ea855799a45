// SPDX-License-Identifier: Apache-2.0
// vremd-track: records -> the same records with track numbers.

#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "core/log.h"
#include "track/track_records.h"

#include <algorithm>

using namespace vremd;

namespace {

void check(const TrackConfig& config, const cli::Tool& tool) {
  const auto need = [](bool ok, const char* what) {
    if (!ok) throw cli::UsageError(what);
  };
  const TrackerConfig& tracker = config.tracker;
  const OneEuroConfig& filter = config.one_euro;
  need(tracker.min_score >= 0 && tracker.min_score <= 1, "--min-score must be in [0, 1]");
  need(!tracker.min_similarity || (*tracker.min_similarity > 0 && *tracker.min_similarity <= 1),
       "--min-similarity must be in (0, 1]");
  need(tracker.max_age >= 1 && tracker.max_age <= 100000, "--max-age must be in [1, 100000]");
  need(config.smooth == "none" || config.smooth == "one-euro", "--smooth must be none or one-euro");
  need(filter.min_cutoff > 0 && filter.min_cutoff <= 1000,
       "--min-cutoff must be in (0, 1000]");
  need(filter.beta >= 0 && filter.beta <= 1000, "--beta must be in [0, 1000]");
  need(filter.derivative_cutoff > 0 && filter.derivative_cutoff <= 1000,
       "--derivative-cutoff must be in (0, 1000]");
  for (const char* option : {"min-cutoff", "beta", "derivative-cutoff"}) {
    if (config.smooth != "none" || !tool.given(option)) continue;
    throw cli::UsageError(std::string("--") + option + " requires --smooth one-euro");
  }
}

int track(TrackConfig& config, const cli::Tool& tool, const cli::Common& common) {
  check(config, tool);
  config.inputs = cli::inputs_or_stdin(config.inputs);
  Header own;
  own.tool = common.tool;
  own.version = common.version;
  own.command = common.command;
  cli::Progress progress("frames", common.progress);
  config.stopped = [] { return cli::stop_signal() != 0; };
  config.advanced = [&] { progress.advance(); };
  const TrackResult result = track_records(config, own);
  if (cli::stop_signal()) {
    return cli::stopped(result.frames, result.partial);
  }
  log_info("{} frames, {} people, {} tracks, {:.1f} s, {:.0f} frames/s, {:.0f} MiB", result.frames,
           result.people, result.tracks, progress.seconds(),
           static_cast<double>(result.frames) / std::max(progress.seconds(), 1e-3),
           cli::peak_memory_mib());
  return result.complete ? cli::kSuccess : cli::kFailure;
}

}  // namespace

int main(int argc, char** argv) {
  TrackConfig config;
  TrackerConfig& tracker = config.tracker;
  OneEuroConfig& filter = config.one_euro;
  double similarity = kMinOks;
  cli::Tool tool("vremd-track", "track people across frames");
  tool.inputs(config.inputs, "[RECORDS...]");
  tool.option("o,output", config.output, "FILE", "output file; '-' is standard output");
  tool.option("f,force", config.force, "overwrite existing files");
  tool.option("min-score", tracker.min_score, "NUM", "minimum score to start a track");
  tool.option("min-similarity", similarity, "NUM",
              "minimum OKS to continue a track; 0.2 IoU for boxes");
  tool.option("max-age", tracker.max_age, "N", "frames that a track survives without a match");
  tool.option("smooth", config.smooth, "HOW", "smooth keypoints and boxes: none or one-euro");
  tool.option("min-cutoff", filter.min_cutoff, "HZ", "one-euro: cutoff at rest; lower is smoother");
  tool.option("beta", filter.beta, "NUM", "one-euro: speed coefficient; higher lags less");
  tool.option("derivative-cutoff", filter.derivative_cutoff, "HZ",
              "one-euro: cutoff for the speed");
  return tool.run(argc, argv, [&](const cli::Common& common) {
    if (tool.given("min-similarity")) tracker.min_similarity = similarity;
    return track(config, tool, common);
  });
}
