// SPDX-License-Identifier: Apache-2.0
// vremd-track: records -> the same records with track numbers.

#include "cli/batch.h"
#include "io/done_records.h"
#include "track/track_records.h"

#include <algorithm>
#include <initializer_list>

using namespace vremd;

namespace {

void require_mode(bool on, const char* mode, std::initializer_list<const char*> options,
                  const cli::Tool& tool) {
  for (const char* option : options) {
    cli::require(on || !tool.given(option), fmt::format("--{} requires {}", option, mode));
  }
}

void check_smoothing(const track::TrackConfig& config, const cli::Tool& tool) {
  using cli::require;
  using track::Smoothing;
  const track::OneEuroConfig& filter = config.one_euro;
  const track::RefineConfig& refine = config.refine;
  require(filter.min_cutoff > 0 && filter.min_cutoff <= 1000, "--min-cutoff must be in (0, 1000]");
  require(filter.beta >= 0 && filter.beta <= 1000, "--beta must be in [0, 1000]");
  require(filter.derivative_cutoff > 0 && filter.derivative_cutoff <= 1000,
          "--derivative-cutoff must be in (0, 1000]");
  require_mode(config.smooth == Smoothing::kOneEuro, "--smooth one-euro",
               {"min-cutoff", "beta", "derivative-cutoff"}, tool);
  require(refine.cutoff > 0 && refine.cutoff <= 1000, "--cutoff must be in (0, 1000]");
  const auto [max_speed, max_limb] = refine.outliers;
  require(max_speed >= 0 && max_speed <= 1000, "--max-speed must be in [0, 1000]");
  require(max_limb == 0 || (max_limb >= 1 && max_limb <= 1000),
          "--max-limb must be 0, or in [1, 1000]");
  const bool online = config.smooth == Smoothing::kNone || config.smooth == Smoothing::kOneEuro;
  require(config.refines || online, "--smooth butterworth and kalman require --refine");
  require(!config.refines || config.smooth != Smoothing::kOneEuro,
          "--smooth one-euro is for tracking online: with --refine, use kalman or butterworth");
  require_mode(config.refines, "--refine", {"max-speed", "max-limb", "max-gap", "cutoff"}, tool);
}

void check(const track::TrackConfig& config, const cli::Tool& tool) {
  using cli::require;
  const track::TrackerConfig& tracker = config.tracker;
  const track::SelectionConfig& selection = config.selection;
  require(tracker.min_score >= 0 && tracker.min_score <= 1, "--min-score must be in [0, 1]");
  require(!tracker.min_similarity || (*tracker.min_similarity > 0 && *tracker.min_similarity <= 1),
          "--min-similarity must be in (0, 1]");
  require(tracker.max_age >= 1 && tracker.max_age <= 100000, "--max-age must be in [1, 100000]");
  check_smoothing(config, tool);
  require(selection.min_length >= 0, "--min-length must not be negative");
  require(selection.max_people >= 0, "--max-people must not be negative");
  require_mode(selection.max_people > 0, "--max-people", {"prefer"}, tool);
}

cli::Outcome track(const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress,
                   track::TrackConfig config, const io::Header& header) {
  io::RecordWriter writer(out.file());
  config.inputs = job.inputs;
  config.stopped = cli::stop_requested;
  config.advanced = [&] { progress.advance(1, writer.frames_expected()); };
  const track::TrackResult result = track::track_records(config, job.header(header), writer);
  cli::Outcome outcome = cli::outcome_of(writer);
  outcome.complete = result.complete;
  if (!result.complete) outcome.reason = "truncated input";
  const double seconds = std::max(progress.seconds(), 1e-3);
  outcome.summary = fmt::format(
      "{} frames, {} people, {} tracks, {:.1f} s, {:.0f} frames/s, {:.0f} MiB", outcome.frames,
      outcome.people, result.tracks, seconds, outcome.frames / seconds, cli::peak_memory_mib());
  return outcome;
}

int run(const track::TrackConfig& config, const cli::BatchOptions& options,
        const cli::Common& common) {
  const io::Header header = common.header();
  cli::Batch batch(options, common, config.inputs, "");
  const auto expected = [&](const cli::Job& job) {
    const auto first = io::first_header(job.inputs[0]);
    return cli::Expected{
        first ? track::track_header(config, *first, header, job.inputs[0]) : header,
        io::ended_videos(job.inputs[0])};
  };
  return batch.run(header, expected,
                   [&](const cli::Job& job, io::RunOutput& out, cli::Progress::Input& progress) {
                     return track(job, out, progress, config, header);
                   });
}

}  // namespace

int main(int argc, char** argv) {
  track::TrackConfig config;
  cli::BatchOptions batch;
  track::TrackerConfig& tracker = config.tracker;
  track::OneEuroConfig& filter = config.one_euro;
  double similarity = track::kMinOks;
  cli::Tool tool("vremd-track", "track people across frames");
  tool.inputs(config.inputs, "[RECORDS...]");
  batch.add_output_to(tool);
  tool.option("min-score", tracker.min_score, "NUM", "minimum score to start a track");
  tool.option("min-similarity", similarity, "NUM",
              "minimum OKS to continue a track; 0.2 IoU for boxes");
  tool.option("max-age", tracker.max_age, "N", "frames that a track survives without a match");
  tool.option("smooth", config.smooth, "HOW",
              "smooth keypoints and boxes: none, one-euro (online); with --refine: kalman "
              "(default there), butterworth");
  tool.option("refine", config.refines,
              "second pass over each shot: reject outliers, fill gaps, smooth without lag");
  tool.group("One-euro");
  tool.option("min-cutoff", filter.min_cutoff, "HZ", "cutoff at rest; lower is smoother");
  tool.option("beta", filter.beta, "NUM", "speed coefficient; higher lags less");
  tool.option("derivative-cutoff", filter.derivative_cutoff, "HZ", "cutoff for the speed");
  track::RefineConfig& refine = config.refine;
  track::SelectionConfig& selection = config.selection;
  tool.group("Refinement");
  tool.option("max-speed", refine.outliers.max_speed, "NUM",
              "fastest joint, in person sizes per second; 0: any");
  tool.option("max-limb", refine.outliers.max_limb, "NUM",
              "longest limb, as a multiple of its usual length; 0: any");
  tool.option("max-gap", refine.max_gap, "GAP", "longest gap to fill: N frames or NUMms");
  tool.option("cutoff", refine.cutoff, "HZ", "cutoff of the smoothing; lower is smoother");
  tool.group("Selection");
  tool.option("tracks", selection.tracks, "N[,N...]", "keep only these tracks");
  tool.option("min-length", selection.min_length, "N",
              "keep only tracks that are seen in at least N frames of a shot");
  tool.option("max-people", selection.max_people, "N", "keep at most N people per frame; 0: all");
  tool.option("prefer", selection.prefer, "WHOM",
              "tracks that --max-people keeps first: longest, largest or middle");
  batch.add_to(tool);
  return tool.run(argc, argv, [&](const cli::Common& common) {
    if (config.refines && !tool.given("smooth")) config.smooth = refine.smooth;
    if (tool.given("min-similarity")) tracker.min_similarity = similarity;
    check(config, tool);
    return run(config, batch, common);
  });
}
