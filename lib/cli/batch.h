// SPDX-License-Identifier: Apache-2.0
#pragma once

// Many inputs: lists and shares of them, outputs, resumption, progress and the manifest.

#include "cli/input_list.h"
#include "cli/manifest.h"
#include "cli/progress.h"
#include "cli/tool.h"
#include "io/records.h"
#include "io/run_output.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vremd::cli {

// One output of a run and the inputs that are written to it.
struct Job {
  std::vector<std::string> inputs;
  std::string output;        // "-": standard output
  bool of_many = false;      // --output-dir
  int threads = 1;           // for this job
  bool has_names = true;     // false: standard input, because no input was named
  std::uintmax_t bytes = 0;  // of the inputs, 0: unknown

  // The header of a run, for this job.
  io::Header header(const io::Header& of_run) const;
};

enum class Resume {
  kNo,
  kMatching,  // keep the outputs that this run would make too
  kNames,     // keep all that are complete
};
constexpr auto enum_names(Resume) { return std::array{"no", "matching", "names"}; }

// What a complete output of a job has, as far as it is known.
struct Expected {
  io::Header header;  // the first one
  std::size_t videos = 1;
};

struct BatchOptions {
  std::string output = "-", folder, list, shard, manifest;
  bool force = false, null = false, fail_fast = false, zstd = false;
  Resume resume = Resume::kNo;
  int videos = 1;

  // --output and --force
  void add_output_to(Tool& tool, const char* help = "output file; '-' is standard output");
  // Under a heading: --files-from, --null, --shard, --output-dir, --resume, --fail-fast, --videos,
  // --manifest; --zstd if the outputs are text.
  void add_to(Tool& tool, bool text = true);

  io::Existing existing() const;
};

// What became of a job.
struct Outcome {
  std::int64_t frames = 0, people = 0, damaged = 0, missing = 0;
  bool any = true;                     // false: no input could be read, so there is no output
  bool complete = true;                // no input failed or is truncated
  std::string reason{};                // why it is not complete, or was skipped
  std::string summary{};               // one line
  std::int64_t taken = 0;              // frames of the stopped run
  bool ends_with_stop = false;         // a signal is the end of a live source
  std::vector<std::string> partial{};  // temporary names of incomplete outputs; "": none
  bool skipped = false;                // already done, or
  bool in_work = false;                // being written by another process
};

Outcome outcome_of(const io::RecordWriter& writer);  // the counts
Outcome skipped_outcome();

// With --resume, for outputs without a header: whether the job's is there and no older than its
// input (--resume=names: whether it is there). Otherwise `existing` becomes kReplace.
bool keep(const Job& job, const BatchOptions& options, io::Existing& existing);

// The jobs of a run: one in all, or with --output-dir one per input, writing DIR/INPUT with the
// extension of the output; relative inputs keep their directories.
class Batch {
 public:
  // The name of an output below --output-dir, for an input.
  using OutputName = std::function<std::string(const std::string& input)>;

  // `root`: of the inputs' videos, which decide how inputs are shared. Errors: the list cannot be
  // read; an output exists, with neither --resume nor --force. UsageErrors: conflicting options,
  // two inputs with the same output, an output that would overwrite its input.
  Batch(BatchOptions options, const Common& common, const std::vector<std::string>& inputs,
        const std::string& root, const OutputName& output_name = record_name);

  bool empty() const { return jobs_.empty(); }  // a share without inputs

  // Runs the jobs until a signal arrives, --videos at a time, and returns the exit status. With
  // --output-dir, an exception from a job is reported and the next one starts, unless --fail-fast.
  // `label` names what progress counts.
  using Work = std::function<Outcome(const Job& job, Progress::Input& progress)>;
  int run(const std::string& label, const Work& work);

  // The same for outputs of records. `of_run` has what is known of all their headers, `expected`
  // what is known of a job's before it starts. With --resume, outputs that agree are skipped, with
  // what stopped runs have left of them removed, and others are made anew; one that another process
  // is writing is tried again at the end.
  using RecordWork =
      std::function<Outcome(const Job& job, io::RunOutput& out, Progress::Input& progress)>;
  int run(const io::Header& of_run, const std::function<Expected(const Job&)>& expected,
          const RecordWork& work);

  static std::string record_name(const std::string& input);  // INPUT.jsonl

 private:
  bool attempt(const Job& job, const Work& work, bool last);
  void report(const Job& job, const Outcome& outcome, const std::string& started, double seconds);
  std::vector<const Job*> run_some(const std::vector<const Job*>& jobs, const Work& work,
                                   bool last);

  BatchOptions options_;
  const Common& common_;
  std::vector<Job> jobs_;
  std::string device_ = "cpu";
  std::unique_ptr<Manifest> manifest_;
  std::unique_ptr<Progress> progress_;
  std::atomic<int> status_ = kSuccess;
  std::atomic<std::int64_t> failed_ = 0, skipped_ = 0;
};

}  // namespace vremd::cli
