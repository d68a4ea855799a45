// SPDX-License-Identifier: Apache-2.0
// vremd-convert: converts records and weights between formats.

#include "cli/jobs.h"
#include "convert/convert.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/log.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <tuple>

using namespace vremd;

namespace {

void check(const convert::ConvertConfig& config) {
  const auto known = [](const char* option, const std::string& name) {
    cli::require(convert::find_format(name), std::string(option) + ": unknown format '" + name +
                                                 "' (formats: " + convert::format_names() + ")");
  };
  if (!config.from.empty()) known("--from", config.from);
  if (!config.to.empty()) known("--to", config.to);
  const convert::Format* to = convert::find_format(config.to);
  cli::require(!to || !to->write_folder || config.output != "-",
               "--to " + config.to + " writes a directory of files: use -o DIR");
  for (const auto& [option, joints] :
       {std::pair("--joints: ", &config.joints), {"--input-joints: ", &config.input_joints}}) {
    try {
      if (!joints->empty()) convert::joint_set_from(*joints);
    } catch (const Error& error) {
      throw cli::UsageError(option + std::string(error.what()));
    }
  }
  cli::require(config.images != "-", "--images must be a file or a directory");
  cli::require(config.selection.scale > 0, "--scale must be positive");
  cli::require(config.selection.fps >= 0, "--fps must not be negative");
}

int run(convert::ConvertConfig config, const cli::OutputOptions& output, const std::string& frames,
        const cli::Common& common) {
  config.output = output.output;
  config.existing = output.existing();
  config.zstd = output.zstd;
  check(config);
  cli::require(!output.resume || !output.force, "--resume and --force are mutually exclusive");
  cli::require(!output.resume || config.output != "-", "--resume requires --output");
  std::tie(config.selection.first, config.selection.last) = cli::parse_frames(frames);
  config.inputs = cli::inputs_or_stdin(config.inputs);
  config.stopped = cli::stop_requested;
  const convert::ConvertResult result = convert::convert_records(config, common.header());
  return result.complete ? cli::kSuccess : cli::incomplete(result.partial);
}

// "vremd-convert weights ..." is a separate program, so that converting records needs no LibTorch.
int run_weights(char** argv) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path bin = fs::read_symlink("/proc/self/exe", error).parent_path();
  const std::string program = (bin.parent_path() / "libexec/vremd/vremd-convert-weights").string();
  execv(program.c_str(), argv + 1);
  set_log("vremd-convert", LogLevel::kNormal);
  log_error("{}: cannot run: {}", program, std::strerror(errno));
  return cli::kFailure;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "weights") return run_weights(argv);
  convert::ConvertConfig config;
  convert::Selection& selection = config.selection;
  cli::OutputOptions output;
  std::string frames;
  cli::Tool tool("vremd-convert", "convert records and model weights between formats");
  tool.inputs(config.inputs, "[FILE...]\n  vremd-convert weights [OPTIONS] FILE -o OUT");
  tool.option("from", config.from, "FORMAT",
              "input format (default: detected from the content): " + convert::format_names());
  tool.option("to", config.to, "FORMAT",
              "output format (default: csv for -o FILE.csv, else records)");
  tool.option("root", config.root, "DIR",
              "directory prepended to image and video paths; reports missing files");
  tool.option("video", config.video, "NAME", "name of the input's only video");
  tool.option("images", config.images, "FILE",
              "write exactly the frames of this file or directory");
  tool.option("joints", config.joints, "SET",
              std::string("output joints: ") + std::string(kSetNames) + " or NAME[,NAME...]");
  tool.option("input-joints", config.input_joints, "SET",
              "joints of an input without names; by default determined by number");
  tool.option("min-score", selection.min_score, "NUM", "skip people with a lower score");
  tool.option("frames", frames, "A:B", "process only frames [A, B)");
  tool.option("tracks", selection.tracks, "N[,N...]", "keep only these tracks");
  tool.option("tracked", selection.tracked, "skip people without a track");
  tool.option("scale", selection.scale, "NUM", "factor for all coordinates and sizes");
  tool.option("fps", selection.fps, "NUM", "thin out to at most NUM frames per second; 0: all");
  tool.option("o,output", output.output, "OUT",
              "output file, '-', or directory (one file per video)");
  tool.option("zstd", output.zstd, "with a directory: write compressed files, .zst");
  tool.option("f,force", output.force, "overwrite existing files");
  tool.option("resume", output.resume, "skip files that are complete");
  return tool.run(argc, argv,
                  [&](const cli::Common& common) { return run(config, output, frames, common); });
}
