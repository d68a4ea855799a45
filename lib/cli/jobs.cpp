// SPDX-License-Identifier: Apache-2.0
#include "cli/jobs.h"

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "io/done_records.h"
#include "io/zstd.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace vremd::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExtension = ".jsonl";

// The path of an input's output below --output-dir. It keeps the input's extension, so that
// clip.avi and clip.mp4 do not collide.
fs::path name_of(const std::string& input, bool zstd) {
  fs::path path = fs::path(input).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "pictures/"
  while (path.begin() != path.end() && *path.begin() == "..") path = path.lexically_relative("..");
  if (path.is_absolute()) path = path.filename();
  require(!path.empty() && path != "." && path != "..",
          input + ": cannot derive an output name for --output-dir");
  const fs::path plain = io::without_zstd(path);
  if (plain.extension() == kExtension) {
    path = plain;
  } else {
    path += kExtension;
  }
  if (zstd) path += io::kZstdExtension;
  return path;
}

}  // namespace

void OutputOptions::add_to(Tool& tool) {
  tool.option("o,output", output, "FILE", "output file; '-' is standard output");
  tool.option("output-dir", folder, "DIR", "write one output file per input to DIR");
  tool.option("zstd", zstd, "with --output-dir: write compressed files, .jsonl.zst");
  tool.option("f,force", force, "overwrite existing files");
  tool.option("resume", resume, "go on from what a stopped run left; skip what is complete");
}

std::vector<Job> OutputOptions::jobs(const std::vector<std::string>& inputs) const {
  if (folder.empty()) {
    require(!resume || output != "-", "--resume requires --output-dir or --output FILE");
    require(!resume || !force, "--resume and --force are mutually exclusive");
    require(!zstd, "--zstd requires --output-dir; for one file, use -o FILE.jsonl.zst");
    return {{inputs_or_stdin(inputs), output, false}};
  }
  require(output == "-", "--output and --output-dir are mutually exclusive");
  require(!resume || !force, "--resume and --force are mutually exclusive");
  require(!inputs.empty(), "--output-dir requires at least one input file");

  std::vector<Job> result;
  std::map<std::string, std::string> input_of;  // by output
  for (const std::string& input : inputs) {
    if (input == "-") throw UsageError("--output-dir cannot be used with standard input");
    const std::string path = (fs::path(folder) / name_of(input, zstd)).string();
    const auto [other, is_new] = input_of.emplace(path, input);
    require(is_new, input + " and " + other->second + " would both write " + path +
                        " (relative paths keep their directories; see --root)");
    std::error_code ignored;
    require(!fs::equivalent(input, path, ignored), input + ": --output-dir would overwrite it");
    if (!resume && !force && fs::exists(path, ignored)) {
      fail("{}: already exists (--force overwrites it, --resume skips it)", path);
    }
    result.push_back({{input}, path, true});
  }
  return result;
}

io::Existing OutputOptions::existing() const {
  return force ? io::Existing::kReplace : resume ? io::Existing::kResume : io::Existing::kRefuse;
}

std::vector<Job> OutputOptions::unfinished(
    std::vector<Job> jobs, const std::function<io::Header(const Job&)>& expected) const {
  if (!resume) return jobs;
  const std::size_t count = jobs.size();
  std::erase_if(jobs, [&](const Job& job) {
    std::error_code ignored;
    if (job.inputs.size() != 1 || job.inputs[0] == "-") return false;  // taken over, to compare it
    if (!fs::is_regular_file(job.output, ignored) || !io::has_end(job.output)) return false;
    const auto old = io::first_header(job.output);
    const std::string what = old ? io::difference(*old, expected(job)) : "tool";
    if (what.empty()) return true;
    fail("{}: already exists, made with another {}; --force overwrites it", job.output, what);
  });
  const std::size_t done = count - jobs.size();
  if (done > 0) log_info("skipping {} of {} inputs that are already done", done, count);
  return jobs;
}

int finish(const Job& job, io::RunOutput& out, const Outcome& outcome) {
  if (outcome.taken) log_info("{} frames taken over from the interrupted run", outcome.taken);
  if (stop_requested()) return stopped(outcome.frames, out.finish(false));
  if (!outcome.any) return kFailure;
  const std::string partial = out.finish(outcome.complete);
  const std::string name = outcome.complete ? job.output : partial;
  log_info("{}{}", job.of_many ? name + ": " : "", outcome.summary);
  return outcome.complete ? kSuccess : incomplete({partial});
}

int stopped(std::int64_t frames, const std::string& partial) {
  log_info("stopped after {} frames{}{}", frames, partial.empty() ? "" : ": ", partial);
  return kFailure;
}

int incomplete(const std::vector<std::string>& partial) {
  for (const std::string& name : partial) {
    if (!name.empty()) log_error("incomplete output left in {}", name);
  }
  return kFailure;
}

int run_jobs(const std::vector<Job>& jobs, bool fail_fast,
             const std::function<int(const Job&)>& work) {
  if (!jobs.front().of_many) return work(jobs.front());
  int status = kSuccess;
  std::int64_t failed = 0;
  for (const Job& job : jobs) {
    try {
      io::make_folder(fs::path(job.output).parent_path().string());
      const int of_job = work(job);
      if (stop_requested()) return of_job;
      if (of_job != kSuccess) ++failed;
      status = std::max(status, of_job);
    } catch (const UsageError&) {
      throw;
    } catch (const std::exception& error) {
      if (stop_requested()) throw;
      log_error("{}", first_line(error.what()));
      ++failed;
      status = kFailure;
    }
    if (failed > 0 && fail_fast) break;
  }
  if (failed > 0) log_warning("{} of {} inputs failed", failed, jobs.size());
  return status;
}

}  // namespace vremd::cli
