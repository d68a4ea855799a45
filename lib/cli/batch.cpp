// SPDX-License-Identifier: Apache-2.0
#include "cli/batch.h"

#include "core/error.h"
#include "core/log.h"
#include "core/names.h"
#include "core/text.h"
#include "io/done_records.h"
#include "io/zstd.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

namespace vremd::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMostVideos = 64;

// An input's path below --output-dir.
fs::path relative_path(const std::string& input) {
  if (is_url(input)) {  // HOST/PATH
    const std::string name = without_credentials(input);
    const std::size_t host = name.find("://") + 3;
    return relative_path(name.substr(host, name.find_first_of("?#", host) - host));
  }
  fs::path path = fs::path(input).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "pictures/"
  while (path.begin() != path.end() && *path.begin() == "..") path = path.lexically_relative("..");
  if (path.is_absolute()) path = path.filename();
  require(!path.empty() && path != "." && path != "..",
          input + ": cannot derive an output name for --output-dir");
  return path;
}

bool is_complete(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && io::has_end(path);
}

// Without duplicates, which a list may have.
std::vector<std::string> distinct(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  std::vector<std::string> result;
  for (const std::string& name : names) {
    if (seen.insert(name).second) result.push_back(name);
  }
  if (const auto twice = names.size() - result.size()) {
    log_warning("{} names are listed more than once", twice);
  }
  return result;
}

// With --resume: what to do about an output that exists.
enum class Decision { kMake, kSkip, kReplace };

// Only complete outputs are compared: what is expected of a job may take reading its input.
Decision decide(const Job& job, Resume resume, const std::function<Expected(const Job&)>& of_job) {
  if (job.inputs.size() != 1 || !job.has_names || !is_complete(job.output)) return Decision::kMake;
  if (resume == Resume::kNames) return Decision::kSkip;
  const Expected expected = of_job(job);
  const auto old = io::first_header(job.output);
  if (!old || old->tool != expected.header.tool) {
    fail("{}: already exists, made with a different tool; --force overwrites it", job.output);
  }
  const std::string what = io::difference(*old, expected.header);
  if (what.empty()) {
    // The output of a redirection may end after any of its videos; one has ended.
    const bool has_all = expected.videos <= 1 || io::ended_videos(job.output) >= expected.videos;
    return has_all ? Decision::kSkip : Decision::kMake;
  }
  log_info("{}: made with a different {}; redoing it", job.output, what);
  return Decision::kReplace;
}

// Closes the output. A file gets its final name if it is complete; otherwise it keeps its temporary
// name.
void finish(io::RunOutput& out, Outcome& outcome) {
  if (outcome.taken) log_info("{} frames reused from the interrupted run", outcome.taken);
  if (stop_requested() && !(outcome.ends_with_stop && outcome.any)) {
    outcome.complete = false;
    outcome.partial = {out.finish(false)};
  } else if (outcome.any) {
    const std::string partial = out.finish(outcome.complete);
    if (!outcome.complete) outcome.partial = {partial};
  }
}

}  // namespace

io::Header Job::header(const io::Header& of_run) const {
  io::Header own = of_run;
  own.inputs = has_names ? inputs.size() : 0;
  return own;
}

Outcome outcome_of(const io::RecordWriter& writer) {
  const io::End& total = writer.total();
  Outcome outcome;
  outcome.frames = total.frames;
  outcome.people = total.people;
  outcome.damaged = total.damaged;
  outcome.missing = total.missing;
  return outcome;
}

Outcome skipped_outcome() {
  Outcome outcome;
  outcome.skipped = true;
  outcome.reason = "already done";
  return outcome;
}

bool keep(const Job& job, const BatchOptions& options, io::Existing& existing) {
  std::error_code error;
  if (options.resume == Resume::kNo || !fs::exists(job.output, error)) return false;
  if (options.resume == Resume::kNames) return true;
  const auto made = fs::last_write_time(job.output, error);
  const bool current = std::ranges::all_of(job.inputs, [&](const std::string& input) {
    const auto changed = fs::last_write_time(input, error);
    return !error && changed <= made;
  });
  if (current) return true;
  log_info("{}: older than its input; redoing it", job.output);
  existing = io::Existing::kReplace;
  return false;
}

void BatchOptions::add_output_to(Tool& tool, const char* help) {
  tool.option("o,output", output, "FILE", help);
  tool.option("f,force", force, "overwrite existing files");
  tool.not_recorded({"output", "force"});
}

void BatchOptions::add_to(Tool& tool, bool text) {
  tool.group("Batch");
  tool.option("files-from", list, "LIST", "also read the names of inputs from LIST, one per line");
  tool.option("0,null", null, "names in LIST end with a zero byte, not with a newline");
  tool.option("shard", shard, "I/N|auto", "process only the I-th of N shares; auto: by Slurm");
  tool.option("output-dir", folder, "DIR", "write one output file per input to DIR");
  if (text) tool.option("zstd", zstd, "with a directory: write compressed files, .zst");
  tool.option("resume", resume, Resume::kMatching, "HOW",
              "continue an interrupted run; skip complete outputs (=matching or =names)");
  tool.option("fail-fast", fail_fast, "with --output-dir: stop at the first input that fails");
  tool.option("videos", videos, "N", "with --output-dir: process N inputs at a time");
  tool.option("manifest", manifest, "FILE", "append a line of JSON for each input to FILE");
  tool.not_recorded({"files-from", "null", "shard", "output-dir", "zstd", "resume", "fail-fast",
                     "videos", "manifest"});
}

io::Existing BatchOptions::existing() const {
  if (force) return io::Existing::kReplace;
  return resume == Resume::kNo ? io::Existing::kRefuse : io::Existing::kResume;
}

std::string Batch::record_name(const std::string& input) {
  return without_record_extension(input) + ".jsonl";
}

Batch::Batch(BatchOptions options, const Common& common, const std::vector<std::string>& inputs,
             const std::string& root, const OutputName& output_name)
    : options_(std::move(options)), common_(common) {
  const BatchOptions& o = options_;
  require(o.resume == Resume::kNo || !o.force, "--resume and --force are mutually exclusive");
  require(o.videos >= 1 && o.videos <= kMostVideos,
          fmt::format("--videos must be in [1, {}]", kMostVideos));
  std::error_code none;
  require(
      !o.zstd || !o.folder.empty() || o.output.ends_with('/') || fs::is_directory(o.output, none),
      "--zstd requires a directory; for one file, use -o FILE.zst");
  require(!o.null || !o.list.empty(), "--null requires --files-from");
  std::vector<std::string> names = inputs;
  if (!o.list.empty()) {
    const std::vector<std::string> listed = read_list(o.list, o.null);
    names.insert(names.end(), listed.begin(), listed.end());
    if (names.empty()) fail("{}: no names", io::name_of_input(o.list));
    names = distinct(names);
  }
  const Shard shard = parse_shard(o.shard);
  require(o.shard.empty() || !names.empty(), "--shard requires named inputs");
  const auto size_of = [&](const std::string& name) { return size_of_input(root, name); };
  if (o.shard == "auto" || shard.count > 1) {
    const std::size_t all = names.size();
    names = share_of(names, shard, size_of);
    log_info("share {} of {}: {} of {} inputs", shard.index, shard.count, names.size(), all);
    if (names.empty()) return;
  }
  if (o.folder.empty()) {
    require(o.resume == Resume::kNo || o.output != "-",
            "--resume requires --output-dir or --output FILE");
    require(o.videos == 1, "--videos requires --output-dir");
    Job job{inputs_or_stdin(names), o.output};
    job.has_names = !names.empty();
    job.threads = common.threads;
    jobs_ = {std::move(job)};
  } else {
    require(o.output == "-" || o.output.empty(),
            "--output and --output-dir are mutually exclusive");
    require(!names.empty(), "--output-dir requires at least one input file");
    std::map<std::string, std::string> input_of;  // by output
    for (const std::string& input : names) {
      require(input != "-", "--output-dir cannot be used with standard input");
      const std::string path =
          (fs::path(o.folder) / output_name(relative_path(input).string())).string() +
          std::string(o.zstd ? io::kZstdExtension : "");
      const auto [other, is_new] = input_of.emplace(path, input);
      require(is_new, input + " and " + other->second + " would both write " + path +
                          " (relative paths keep their directories; see --root)");
      std::error_code ignored;
      require(!fs::equivalent(input, path, ignored), input + ": --output-dir would overwrite it");
      if (o.resume == Resume::kNo && !o.force && fs::exists(path, ignored)) {
        fail("{}: already exists (--force overwrites it, --resume skips it)", path);
      }
      Job job{{input}, path, true};
      job.threads = std::max(1, common.threads / o.videos);
      job.bytes = size_of(input);
      jobs_.push_back(std::move(job));
    }
  }
  if (!o.manifest.empty()) manifest_ = std::make_unique<Manifest>(o.manifest);
}

// Counts what became of a job, logs it and adds it to the manifest.
void Batch::report(const Job& job, const Outcome& outcome, const std::string& started,
                   double seconds) {
  std::string status = "done";
  const std::string partial = outcome.partial.empty() ? "" : outcome.partial.back();
  if (outcome.skipped) {
    status = outcome.in_work ? "in work" : "skipped";
    log_verbose("{}: skipped: {}", job.output, outcome.reason);
  } else if (outcome.complete && outcome.any) {
    log_info("{}{}", job.of_many ? job.output + ": " : "", outcome.summary);
  } else if (stop_requested()) {
    status = "stopped";
    log_info("stopped after {} frames{}{}", outcome.frames, partial.empty() ? "" : ": ", partial);
  } else {
    status = "failed";
    if (!outcome.summary.empty() && outcome.any) {
      log_info("{}{}", job.of_many ? partial + ": " : "", outcome.summary);
    }
    for (const std::string& name : outcome.partial) {
      if (!name.empty()) log_error("incomplete output left in {}", name);
    }
  }
  using End = Progress::End;
  const bool failed = status == "failed" || status == "stopped";
  if (failed) status_ = kFailure;
  failed_ += status == "failed";
  skipped_ += status == "skipped";
  progress_->count(failed ? End::kFailed : outcome.skipped ? End::kSkipped : End::kDone, job.bytes);
  if (!manifest_) return;
  Try one{.tool = common_.tool,
          .version = common_.version,
          .input = without_credentials(job.inputs.front()),
          .output = job.output,
          .status = status,
          .reason = without_credentials(outcome.reason),
          .frames = outcome.frames,
          .people = outcome.people,
          .damaged = outcome.damaged,
          .missing = outcome.missing,
          .seconds = seconds,
          .device = device_,
          .started = started};
  try {
    manifest_->add(std::move(one));
  } catch (const Error& error) {
    log_error("{}", error.what());
    status_ = kFailure;
  }
}

// False: another process is writing the output.
bool Batch::attempt(const Job& job, const Work& work, bool last) {
  const std::string started = utc_now();
  Progress::Input progress(*progress_, job.inputs.front(), job.bytes);
  Outcome outcome;
  const auto failed_with = [&](const std::exception& error) {
    outcome = {.any = false, .complete = false, .reason = first_line(error.what())};
    if (job.of_many && !stop_requested()) log_error("{}", outcome.reason);
    report(job, outcome, started, progress.seconds());
    if (!job.of_many || stop_requested()) throw;
  };
  try {
    if (job.of_many) io::make_folder(fs::path(job.output).parent_path().string());
    outcome = work(job, progress);
  } catch (const UsageError&) {
    throw;
  } catch (const io::InWork& error) {
    if (!job.of_many || options_.resume == Resume::kNo) {
      failed_with(error);
      return true;
    }
    if (!last) return false;
    log_info("{}; left to it", error.what());
    outcome = {.reason = error.what(), .skipped = true, .in_work = true};
  } catch (const std::exception& error) {
    failed_with(error);
    return true;
  }
  report(job, outcome, started, progress.seconds());
  return true;
}

// Returns the jobs whose outputs other processes are writing.
std::vector<const Job*> Batch::run_some(const std::vector<const Job*>& jobs, const Work& work,
                                        bool last) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::vector<const Job*> in_work;
  std::exception_ptr thrown;
  const auto run_next = [&] {
    while (!stop_requested() && !(failed_ > 0 && options_.fail_fast)) {
      const std::size_t i = next++;
      if (i >= jobs.size()) return;
      try {
        if (attempt(*jobs[i], work, last)) continue;
        const std::lock_guard lock(mutex);
        in_work.push_back(jobs[i]);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!thrown) thrown = std::current_exception();
        next = jobs.size();
      }
    }
  };
  const std::size_t threads = std::min<std::size_t>(options_.videos, jobs.size());
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(run_next);
  run_next();
  others.clear();
  if (thrown) std::rethrow_exception(thrown);
  return in_work;
}

int Batch::run(const std::string& label, const Work& work) {
  if (jobs_.empty()) return kSuccess;
  progress_ = std::make_unique<Progress>(label, common_.progress);
  const bool of_many = jobs_.front().of_many;
  std::vector<const Job*> jobs;
  std::uintmax_t bytes = 0;
  for (const Job& job : jobs_) {
    jobs.push_back(&job);
    bytes += job.bytes;
  }
  if (of_many && jobs.size() > 1) progress_->expect(std::ssize(jobs), bytes);
  const std::vector<const Job*> in_work = run_some(jobs, work, false);
  if (!in_work.empty()) run_some(in_work, work, true);
  progress_.reset();
  if (skipped_ > 0) log_info("{} of {} inputs were already done", skipped_.load(), jobs.size());
  if (of_many && failed_ > 0) log_warning("{} of {} inputs failed", failed_.load(), jobs.size());
  return status_;
}

int Batch::run(const io::Header& of_run, const std::function<Expected(const Job&)>& expected,
               const RecordWork& work) {
  device_ = of_run.device.value_or("cpu");
  std::mutex mutex;
  std::map<fs::path, bool> any_left;  // by directory
  const auto remove_left = [&](const Job& job) {
    const fs::path folder = fs::path(job.output).parent_path();
    const std::lock_guard lock(mutex);
    const auto [left, is_new] = any_left.try_emplace(folder, false);
    if (is_new) left->second = io::any_partial_file(folder.string());
    if (left->second) io::remove_left(job.output);
  };
  return run("frames", [&](const Job& job, Progress::Input& progress) {
    const bool resumes = options_.resume != Resume::kNo;
    for (bool again = false;; again = true) {
      try {
        const Decision decision =
            resumes ? decide(job, options_.resume, expected) : Decision::kMake;
        if (decision == Decision::kSkip) {
          remove_left(job);
          return skipped_outcome();
        }
        io::RunOutput out(
            job.output,
            decision == Decision::kReplace ? io::Existing::kReplace : options_.existing(), of_run);
        Outcome outcome = work(job, out, progress);
        finish(out, outcome);
        return outcome;
      } catch (const io::Appeared&) {
        if (!resumes || !job.of_many || again) throw;  // else another process was quicker
      }
    }
  });
}

}  // namespace vremd::cli
