// SPDX-License-Identifier: Apache-2.0
// vremd-draw: records and their videos → videos, pictures or a sheet, without inference.

#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "core/log.h"
#include "draw/drawing.h"

#include <algorithm>

using namespace vremd;

namespace {

void check(const DrawConfig& config) {
  if (config.output.empty()) {
    throw cli::UsageError("-o OUT names the drawing: a video, a picture or a folder");
  }
  if (!SizeRule::parse(config.size)) {
    throw cli::UsageError("--size takes WxH or a factor up to 16, not '" + config.size + "'");
  }
  for (const double score : {config.style.min_score, config.style.min_joint_score}) {
    if (!(score >= 0 && score <= 1)) throw cli::UsageError("a score is from 0 to 1");
  }
  if (config.sheet_frames < 1 || config.sheet_frames > 1000) {
    throw cli::UsageError("--sheet-frames takes 1 to 1000");
  }
  if (config.sheet && output_kind(config.output) != OutputKind::kPicture) {
    throw cli::UsageError("--sheet makes one picture: -o takes a .png, a .jpg or '-'");
  }
}

int draw(DrawConfig config, const cli::Common& common) {
  check(config);
  config.inputs = cli::inputs_or_stdin(config.inputs);
  config.threads = common.threads;
  cli::Progress progress("drawn", common.progress);
  config.stopped = [] { return cli::stop_signal() != 0; };
  config.drawn = [&] { progress.advance(); };
  const DrawResult result = draw_records(config);
  if (cli::stop_signal()) {
    return cli::stopped(result.frames, result.partial);
  }
  log_info("{} frames of {} video{}, {:.1f} s, {:.1f} frames/s, {:.0f} MiB", result.frames,
           result.videos, result.videos == 1 ? "" : "s", progress.seconds(),
           static_cast<double>(result.frames) / std::max(progress.seconds(), 1e-3),
           cli::peak_memory_mib());
  return result.complete ? cli::kSuccess : cli::kFailure;
}

}  // namespace

int main(int argc, char** argv) {
  DrawConfig config;
  cli::Tool tool("vremd-draw", "draw the people of records on the pictures of their videos");
  tool.inputs(config.inputs, "[RECORDS...]");
  tool.option("o,output", config.output, "OUT",
              "a video (.mp4, .mkv, ...), a picture (.png, .jpg; '-' is PNG on standard output), "
              "or a folder");
  tool.option("f,force", config.force, "replace existing files");
  tool.option("sheet", config.sheet, "one picture of evenly chosen frames with people");
  tool.option("sheet-frames", config.sheet_frames, "N", "frames on the sheet");
  tool.option("size", config.size, "SIZE", "fit into WxH, or scale by a factor");
  tool.option("min-score", config.style.min_score, "NUM", "leave out persons below this score");
  tool.option("min-joint-score", config.style.min_joint_score, "NUM",
              "leave out joints below this score");
  tool.option("video", config.video, "FILE",
              "draw on this video instead of the one in the records");
  tool.option("root", config.root, "DIR", "folder of the videos that the records name");
  return tool.run(argc, argv, [&](const cli::Common& common) { return draw(config, common); });
}
