// SPDX-License-Identifier: Apache-2.0
// vremd-bench: the speed of the networks and tools, as ratios to what else ran in the same rounds.

#include "cli/tool.h"
#include "core/log.h"
#include "io/output_file.h"
#include "measure/sections.h"
#include "ops/device.h"
#include "pipeline/diagnosis.h"
#include "pipeline/versions.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace vremd;

namespace {

struct Config {
  bench::Settings settings;
  std::string output;
  std::vector<std::string> only;
};

struct Part {
  const char* name;
  bench::Section (*measure)(const bench::Settings&);
};

constexpr std::array kParts = {
    Part{"peaks", bench::measure_peaks},       Part{"networks", bench::measure_networks},
    Part{"peers", bench::measure_peers},       Part{"curves", bench::measure_curves},
    Part{"pipeline", bench::measure_pipeline}, Part{"start", bench::measure_start}};

std::string load_average() {
  std::ifstream file("/proc/loadavg");
  std::string one, five;
  return file >> one >> five ? one + ", " + five : "unknown";
}

// The lines "what: value" of --diagnose that can matter for speed.
void add_machine(bench::Report& report, const cli::Common& common) {
  std::istringstream lines(pipeline::diagnosis({}, "."));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) {
      report.machine.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  report.machine.emplace_back("threads", std::to_string(common.threads));
  report.machine.emplace_back("load before (1, 5 minutes)", load_average());
}

int run(Config& config, const cli::Common& common) {
  cli::require(!config.output.empty(), "no output directory: use -o");
  for (const std::string& name : config.only) {
    cli::require(std::any_of(kParts.begin(), kParts.end(),
                             [&](const Part& part) { return name == part.name; }),
                 "--only: no part \"" + name + "\"");
  }
  bench::Settings& settings = config.settings;
  settings.threads = common.threads;
  if (settings.bin.empty()) {
    settings.bin = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  }
  settings.work = config.output + "/work";
  std::filesystem::create_directories(settings.work);
  ops::prepare_runtime();
  bench::Report report;
  add_machine(report, common);
  const auto add = [&](const char* name, bench::Section (*measure)(const bench::Settings&)) {
    log_info("{}", name);
    report.sections.push_back(measure(settings));
  };
  for (const Part& part : kParts) {
    const bool wanted = config.only.empty() || std::find(config.only.begin(), config.only.end(),
                                                         part.name) != config.only.end();
    if (wanted) add(part.name, part.measure);
  }
  if (!settings.against.empty()) add("against", bench::measure_against);
  report.machine.emplace_back("load after (1, 5 minutes)", load_average());
  io::write_file(config.output + "/report.md", report.markdown(), true);
  io::write_file(config.output + "/report.jsonl", report.json_lines(), true);
  io::write_file(config.output + "/report.html", report.html(), true);
  io::write_file("-", report.markdown(), false);
  return cli::kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  Config config;
  bench::Settings& settings = config.settings;
  cli::Tool tool("vremd-bench", "measure the speed of networks and tools");
  tool.option("o,output", config.output, "DIR",
              "directory for the report and what it is made from");
  tool.option("w,weights", settings.weights, "FILE", "pose weights to measure (repeatable)");
  tool.option("only", config.only, "PART",
              "measure only peaks, networks, peers, curves, pipeline or start (repeatable)");
  tool.option("rounds", settings.rounds, "N", "rounds of each comparison");
  tool.option("seconds", settings.seconds, "S", "time of one contestant in one round");
  tool.option("peers", settings.peers, "PYTHON", "Python that has transformers and onnxruntime");
  tool.option("against", settings.against, "DIR", "tools of another build to compare with");
  tool.versions(pipeline::library_versions);
  return tool.run(argc, argv, [&](const cli::Common& common) { return run(config, common); });
}
