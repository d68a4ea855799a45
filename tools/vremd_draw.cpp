// SPDX-License-Identifier: Apache-2.0
// vremd-draw: records and their videos -> videos, images, a contact sheet or a report.

#include "cli/jobs.h"
#include "core/log.h"
#include "draw/drawing.h"
#include "report/report.h"

#include <algorithm>

using namespace vremd;

namespace {

void check(const draw::DrawConfig& config, const std::string& report, int stills) {
  using cli::require;
  require(report.empty() || config.output.empty(), "--report and --output are mutually exclusive");
  require(report.empty() || !config.sheet, "--report and --sheet are mutually exclusive");
  require(stills >= 0 && stills <= 1000, "--stills must be in [0, 1000]");
  require(!report.empty() || !config.output.empty(),
          "no output: use -o to name a video, an image or a directory");
  require(draw::SizeRule::parse(config.size).has_value(),
          "--size must be WxH or a factor up to 16, not '" + config.size + "'");
  for (const double score : {config.style.min_score, config.style.min_joint_score}) {
    require(score >= 0 && score <= 1, "--min-score and --min-joint-score must be in [0, 1]");
  }
  require(config.sheet_frames >= 1 && config.sheet_frames <= 1000,
          "--sheet-frames must be in [1, 1000]");
  require(!config.sheet || draw::output_kind(config.output) == draw::OutputKind::kPicture,
          "--sheet makes a single image: -o must be a .png or .jpg file or '-'");
}

int run(draw::DrawConfig config, const std::string& report, int stills, const cli::Common& common) {
  check(config, report, stills);
  config.inputs = cli::inputs_or_stdin(config.inputs);
  config.threads = common.threads;
  cli::Progress progress("drawn", common.progress);
  config.stopped = cli::stop_requested;
  config.drawn = [&] { progress.advance(); };
  if (!report.empty()) config.output = report;
  const draw::DrawResult result =
      report.empty() ? draw::draw_records(config)
                     : report::write_report({config, stills, "vremd-draw " + common.version});
  if (cli::stop_requested()) {
    return cli::stopped(result.frames, result.partial.empty() ? "" : result.partial.back());
  }
  log_info("{} frames of {} video{}, {:.1f} s, {:.1f} frames/s, {:.0f} MiB", result.frames,
           result.videos, result.videos == 1 ? "" : "s", progress.seconds(),
           static_cast<double>(result.frames) / std::max(progress.seconds(), 1e-3),
           cli::peak_memory_mib());
  return result.complete ? cli::kSuccess : cli::incomplete(result.partial);
}

}  // namespace

int main(int argc, char** argv) {
  draw::DrawConfig config;
  std::string report;
  int stills = report::ReportConfig().stills;
  cli::Tool tool("vremd-draw", "draw boxes and skeletons on video frames");
  tool.inputs(config.inputs,
              "[RECORDS...] -o OUT\n  vremd-draw [OPTIONS] [RECORDS...] --report DIR");
  tool.option("o,output", config.output, "OUT",
              "video (.mp4, .mkv, ...), image (.png, .jpg, '-') or directory");
  tool.option("f,force", config.force, "overwrite existing files");
  tool.option("sheet", config.sheet, "make a contact sheet of evenly spaced frames with people");
  tool.option("sheet-frames", config.sheet_frames, "N", "number of frames on the sheet");
  tool.option("report", report, "DIR", "write a page about the videos, DIR/index.html");
  tool.option("stills", stills, "N",
              "evenly spaced stills of each video in the report; 0: no pictures");
  tool.option("size", config.size, "SIZE", "fit frames into WxH pixels, or scale them by a factor");
  tool.option("min-score", config.style.min_score, "NUM", "skip people with a lower score");
  tool.option("min-joint-score", config.style.min_joint_score, "NUM",
              "skip joints with a lower score");
  tool.option("video", config.video, "FILE", "draw on FILE instead of the video in the header");
  tool.option("root", config.root, "DIR", "directory prepended to relative video paths");
  return tool.run(argc, argv,
                  [&](const cli::Common& common) { return run(config, report, stills, common); });
}
