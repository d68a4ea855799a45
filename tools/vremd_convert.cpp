// SPDX-License-Identifier: Apache-2.0
// vremd-convert: converts records and weights between formats.

#include "cli/batch.h"
#include "cli/range_options.h"
#include "convert/convert.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/log.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

using namespace vremd;

namespace {

void check(const convert::ConvertConfig& config) {
  const auto known = [](const char* option, const std::string& name) {
    cli::require(convert::find_format(name), std::string(option) + ": unknown format '" + name +
                                                 "' (formats: " + convert::format_names() + ")");
  };
  if (!config.from.empty()) {
    known("--from", config.from);
    cli::require(convert::find_format(config.from)->read,
                 "--from: " + config.from + " is only an output format");
  }
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

int run(const convert::ConvertConfig& config, const cli::BatchOptions& options,
        const cli::Common& common) {
  check(config);
  const io::Header header = common.header();
  cli::Batch batch(options, common, config.inputs, "", [&](const std::string& input) {
    return cli::without_record_extension(input) + convert::extension_of(config);
  });
  return batch.run("frames", [&](const cli::Job& job, cli::Progress::Input& progress) {
    convert::ConvertConfig own = config;
    own.inputs = job.inputs;
    own.output = job.output;
    own.existing = options.existing();
    own.zstd = options.zstd && !job.of_many;
    if (cli::keep(job, options, own.existing)) return cli::skipped_outcome();
    own.stopped = cli::stop_requested;
    own.advanced = [&] { progress.advance(); };
    const convert::ConvertResult result = convert::convert_records(own, job.header(header));
    cli::Outcome outcome;
    outcome.frames = result.frames;
    outcome.people = result.people;
    outcome.complete = result.complete;
    if (!result.complete) outcome.reason = "truncated input or missing files";
    outcome.partial = result.partial;
    outcome.summary = fmt::format("{} frames, {} people", result.frames, result.people);
    return outcome;
  });
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
  cli::BatchOptions batch;
  cli::RangeOptions range;
  std::string summary;
  cli::Tool tool("vremd-convert", "convert records and model weights between formats");
  tool.inputs(config.inputs, "[FILE...]\n  vremd-convert weights [OPTIONS] FILE -o OUT");
  tool.option("from", config.from, "FORMAT",
              "input format (default: detected from the content): " + convert::format_names());
  tool.option("to", config.to, "FORMAT",
              "output format (default: csv for -o FILE.csv, else records)");
  batch.add_output_to(tool, "output file, '-', or directory (one file per video)");
  tool.option("joints", config.joints, "SET",
              "output joints: " + joint_set_names() + " or NAME[,NAME...]");
  tool.group("Input");
  tool.option("root", config.root, "DIR",
              "directory prepended to image and video paths; reports missing files");
  tool.option("video", config.video, "NAME", "name of the input's only video");
  tool.option("images", config.images, "FILE",
              "write exactly the frames of this file or directory");
  tool.option("input-joints", config.input_joints, "SET",
              "joints of an input without names; by default determined by number");
  tool.group("Selection");
  tool.option("min-score", selection.min_score, "NUM", "skip people with a lower score");
  tool.option("min-joint-score", selection.min_joint_score, "NUM",
              "make joints with a lower score absent");
  range.add_to(tool);
  tool.option("tracks", selection.tracks, "N[,N...]", "keep only these tracks");
  tool.option("tracked", selection.tracked, "skip people without a track");
  tool.option("scale", selection.scale, "NUM", "factor for all coordinates and sizes");
  tool.option("fps", selection.fps, "NUM", "thin out to at most NUM frames per second; 0: all");
  batch.add_to(tool);
  tool.option("summary", summary, "LIST",
              "print what the manifests FILE... say of the inputs in LIST; status 1: not all done");
  return tool.run(argc, argv, [&](const cli::Common& common) -> int {
    if (!summary.empty()) {
      cli::require(!config.inputs.empty(), "--summary requires the manifests");
      const auto names = cli::read_list(summary, batch.null);
      return cli::summarize(names, config.inputs) ? cli::kSuccess : cli::kFailure;
    }
    selection.range = range.range();
    config.output = batch.folder.empty() ? batch.output : batch.folder;
    return run(config, batch, common);
  });
}
