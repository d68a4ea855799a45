// SPDX-License-Identifier: Apache-2.0
// vremd-track: records -> the same records with track numbers.

#include "cli/jobs.h"
#include "io/done_records.h"
#include "track/track_records.h"

#include <algorithm>
#include <string>

using namespace vremd;

namespace {

void check(const track::TrackConfig& config, const cli::Tool& tool) {
  using cli::require;
  const track::TrackerConfig& tracker = config.tracker;
  const track::OneEuroConfig& filter = config.one_euro;
  require(tracker.min_score >= 0 && tracker.min_score <= 1, "--min-score must be in [0, 1]");
  require(!tracker.min_similarity || (*tracker.min_similarity > 0 && *tracker.min_similarity <= 1),
          "--min-similarity must be in (0, 1]");
  require(tracker.max_age >= 1 && tracker.max_age <= 100000, "--max-age must be in [1, 100000]");
  require(filter.min_cutoff > 0 && filter.min_cutoff <= 1000, "--min-cutoff must be in (0, 1000]");
  require(filter.beta >= 0 && filter.beta <= 1000, "--beta must be in [0, 1000]");
  require(filter.derivative_cutoff > 0 && filter.derivative_cutoff <= 1000,
          "--derivative-cutoff must be in (0, 1000]");
  for (const char* option : {"min-cutoff", "beta", "derivative-cutoff"}) {
    require(config.smooth != track::Smoothing::kNone || !tool.given(option),
            std::string("--") + option + " requires --smooth one-euro");
  }
}

int track(const cli::Job& job, track::TrackConfig config, const cli::OutputOptions& output,
          const io::Header& header, const cli::Common& common) {
  config.inputs = job.inputs;
  cli::Progress progress("frames", common.progress);
  config.stopped = cli::stop_requested;
  config.advanced = [&] { progress.advance(); };
  io::RunOutput out(job.output, output.existing(), header);
  io::RecordWriter writer(out.file());
  const track::TrackResult result = track::track_records(config, header, writer);
  const auto frames = writer.frames();
  const double seconds = std::max(progress.seconds(), 1e-3);
  return cli::finish(
      job, out,
      {frames, true, result.complete,
       fmt::format("{} frames, {} people, {} tracks, {:.1f} s, {:.0f} frames/s, {:.0f} MiB", frames,
                   writer.instances(), result.tracks, seconds, frames / seconds,
                   cli::peak_memory_mib())});
}

int run(const track::TrackConfig& config, const cli::OutputOptions& output, bool fail_fast,
        const cli::Common& common) {
  const io::Header header = common.header();
  const std::vector<cli::Job> jobs =
      output.unfinished(output.jobs(config.inputs), [&](const cli::Job& job) {
        const auto first = io::first_header(job.inputs[0]);
        return cli::Expected{
            first ? track::track_header(config, *first, header, job.inputs[0]) : header,
            io::ended_videos(job.inputs[0])};
      });
  if (jobs.empty()) return cli::kSuccess;
  return cli::run_jobs(jobs, fail_fast, [&](const cli::Job& job) {
    return track(job, config, output, header, common);
  });
}

}  // namespace

int main(int argc, char** argv) {
  track::TrackConfig config;
  cli::OutputOptions output;
  bool fail_fast = false;
  track::TrackerConfig& tracker = config.tracker;
  track::OneEuroConfig& filter = config.one_euro;
  double similarity = track::kMinOks;
  cli::Tool tool("vremd-track", "track people across frames");
  tool.inputs(config.inputs, "[RECORDS...]");
  output.add_to(tool);
  tool.option("fail-fast", fail_fast, "with --output-dir: stop at the first input that fails");
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
    check(config, tool);
    return run(config, output, fail_fast, common);
  });
}
