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
       "--min-similarity must be above 0, up to 1");
  need(tracker.max_age >= 1 && tracker.max_age <= 100000, "--max-age must be in [1, 100000]");
  need(config.smooth == "none" || config.smooth == "one-euro", "--smooth takes none or one-euro");
  need(filter.min_cutoff > 0 && filter.min_cutoff <= 1000,
       "--min-cutoff must be above 0, up to 1000");
  need(filter.beta >= 0 && filter.beta <= 1000, "--beta must be in [0, 1000]");
  need(filter.derivative_cutoff > 0 && filter.derivative_cutoff <= 1000,
       "--derivative-cutoff must be above 0, up to 1000");
  for (const char* option : {"min-cutoff", "beta", "derivative-cutoff"}) {
    if (config.smooth != "none" || !tool.given(option)) continue;
    throw cli::UsageError(std::string("--") + option + " needs --smooth one-euro");
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
  cli::Tool tool("vremd-track", "give the people of records track numbers");
  tool.inputs(config.inputs, "[RECORDS...]");
  tool.option("o,output", config.output, "FILE", "write here; '-' is standard output");
  tool.option("f,force", config.force, "replace an existing FILE");
  tool.option("min-score", tracker.min_score, "NUM", "score of a person that begins a track");
  tool.option("min-similarity", similarity, "NUM",
              "OKS that continues a track; IoU of boxes without keypoints, there 0.2");
  tool.option("max-age", tracker.max_age, "N", "frames after which an unseen track ends");
  tool.option("smooth", config.smooth, "HOW", "none, or one-euro for keypoints and boxes");
  tool.option("min-cutoff", filter.min_cutoff, "HZ", "one-euro: lower is calmer at rest");
  tool.option("beta", filter.beta, "NUM", "one-euro: higher lags less in motion");
  tool.option("derivative-cutoff", filter.derivative_cutoff, "HZ", "one-euro: of the speed");
  return tool.run(argc, argv, [&](const cli::Common& common) {
    if (tool.given("min-similarity")) tracker.min_similarity = similarity;
    return track(config, tool, common);
  });
}
