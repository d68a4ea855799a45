// SPDX-License-Identifier: Apache-2.0
// vremd-draw: records and their videos -> videos, images, a contact sheet or a report.

#include "cli/batch.h"
#include "cli/range_options.h"
#include "core/log.h"
#include "core/picture_names.h"
#include "draw/drawing.h"
#include "report/report.h"

#include <algorithm>

using namespace vremd;

namespace {

struct ReportOptions {
  std::string folder;  // "": none
  int stills = report::ReportConfig().stills;
};

void check(const draw::DrawConfig& config, const ReportOptions& report,
           const cli::BatchOptions& batch, const cli::RangeOptions& range) {
  using cli::require;
  const bool of_drawings = !batch.output.empty() || !batch.folder.empty();
  require(report.folder.empty() || (!of_drawings && batch.resume == cli::Resume::kNo),
          "--report cannot be used with --output, --output-dir or --resume");
  require(report.folder.empty() || !config.sheet, "--report and --sheet are mutually exclusive");
  require(report.folder.empty() || !range.given(),
          "--report cannot be used with --frames, --start and --end");
  require(report.stills >= 0 && report.stills <= 1000, "--stills must be in [0, 1000]");
  require(!report.folder.empty() || of_drawings,
          "no output: use -o to name a video, an image or a directory, or --output-dir");
  require(draw::SizeRule::parse(config.size).has_value(),
          "--size must be WxH or a factor up to 16, not '" + config.size + "'");
  for (const double score : {config.style.min_score, config.style.min_joint_score}) {
    require(score >= 0 && score <= 1, "--min-score and --min-joint-score must be in [0, 1]");
  }
  require(config.sheet_frames >= 1 && config.sheet_frames <= 1000,
          "--sheet-frames must be in [1, 1000]");
  require(!config.sheet || !batch.folder.empty() ||
              draw::output_kind(batch.output) == draw::OutputKind::kPicture,
          "--sheet makes a single image: -o must be a .png or .jpg file or '-'");
}

// The output below --output-dir: CLIP.mp4 for the records CLIP.avi.jsonl, a picture for --sheet.
std::string output_name(const std::string& input, bool sheet) {
  const std::string name = cli::without_record_extension(input);
  if (sheet) return name + ".png";
  const std::string extension = lower_extension(name);
  const bool can_hold_any = extension == ".mp4" || extension == ".mkv" || extension == ".mov";
  return can_hold_any ? name : name + ".mp4";
}

cli::Outcome outcome_of(const draw::DrawResult& result, double seconds) {
  cli::Outcome outcome;
  outcome.frames = result.frames;
  outcome.complete = result.complete && !cli::stop_requested();
  if (!result.complete) outcome.reason = "an input is truncated, or a video could not be drawn";
  outcome.partial = result.partial;
  outcome.summary =
      fmt::format("{} frames of {} video{}, {:.1f} s, {:.1f} frames/s, {:.0f} MiB", result.frames,
                  result.videos, result.videos == 1 ? "" : "s", seconds,
                  static_cast<double>(result.frames) / seconds, cli::peak_memory_mib());
  return outcome;
}

cli::Outcome draw_inputs(const cli::Job& job, cli::Progress::Input& progress,
                         draw::DrawConfig config, const ReportOptions& report,
                         const cli::BatchOptions& options, const std::string& version) {
  io::Existing existing = options.existing();
  if (cli::keep(job, options, existing)) return cli::skipped_outcome();
  config.inputs = job.inputs;
  config.output = job.output;
  config.force = existing != io::Existing::kRefuse;
  config.threads = job.threads;
  config.stopped = cli::stop_requested;
  config.drawn = [&] { progress.advance(); };
  const auto seconds = [&] { return std::max(progress.seconds(), 1e-3); };
  if (!report.folder.empty()) {
    const auto result = report::write_report({config, report.stills, "vremd-draw " + version});
    return outcome_of(result, seconds());
  }
  const bool is_file = draw::output_kind(job.output) != draw::OutputKind::kFolder;
  if (config.force && is_file && job.output != "-") io::discard_partial_files(job.output);
  const draw::DrawResult result = draw::draw_records(config);
  return outcome_of(result, seconds());
}

int run(draw::DrawConfig& config, const ReportOptions& report, cli::BatchOptions options,
        const cli::RangeOptions& range, const cli::Common& common) {
  check(config, report, options, range);
  config.range = range.range();
  if (!report.folder.empty()) options.output = report.folder;
  cli::Batch batch(options, common, config.inputs, config.root,
                   [&](const std::string& input) { return output_name(input, config.sheet); });
  return batch.run("drawn", [&](const cli::Job& job, cli::Progress::Input& progress) {
    return draw_inputs(job, progress, config, report, options, common.version);
  });
}

}  // namespace

int main(int argc, char** argv) {
  draw::DrawConfig config;
  ReportOptions report;
  cli::BatchOptions batch;
  cli::RangeOptions range;
  batch.output = "";
  cli::Tool tool("vremd-draw", "draw boxes and skeletons on video frames");
  tool.inputs(config.inputs,
              "[RECORDS...] -o OUT\n  vremd-draw [OPTIONS] [RECORDS...] --report DIR");
  batch.add_output_to(tool, "video (.mp4, .mkv, ...), image (.png, .jpg, '-') or directory");
  tool.option("sheet", config.sheet, "make a contact sheet of evenly spaced frames with people");
  tool.option("sheet-frames", config.sheet_frames, "N", "number of frames on the sheet");
  tool.option("report", report.folder, "DIR", "write a page about the videos, DIR/index.html");
  tool.option("stills", report.stills, "N",
              "evenly spaced stills of each video in the report; 0: no pictures");
  tool.option("size", config.size, "SIZE", "fit frames into WxH pixels, or scale them by a factor");
  tool.option("min-score", config.style.min_score, "NUM", "skip people with a lower score");
  tool.option("min-joint-score", config.style.min_joint_score, "NUM",
              "skip joints with a lower score");
  tool.option("video", config.video, "FILE", "draw on FILE instead of the video in the header");
  tool.option("root", config.root, "DIR", "directory prepended to relative video paths");
  range.add_to(tool);
  batch.add_to(tool, false);
  return tool.run(argc, argv, [&](const cli::Common& common) {
    return run(config, report, batch, range, common);
  });
}
