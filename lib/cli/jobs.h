// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.h"
#include "io/records.h"
#include "io/run_output.h"

#include <functional>
#include <string>
#include <vector>

namespace vremd::cli {

// One output of a run and the inputs that are written to it.
struct Job {
  std::vector<std::string> inputs;
  std::string output;    // "-": standard output
  bool of_many = false;  // --output-dir
};

// Where a tool with many inputs writes: everything to one file, or one file per input.
struct OutputOptions {
  std::string output = "-", folder;
  bool force = false, resume = false, zstd = false;

  void add_to(Tool& tool);  // --output, --output-dir, --zstd, --force, --resume

  // One job in all, or with --output-dir one per input, writing FOLDER/INPUT.jsonl or, with `zstd`,
  // INPUT.jsonl.zst; relative inputs keep their directories. Error: an output exists, with neither
  // --resume nor --force. UsageError: conflicting options, two inputs with the same output, an
  // output that would overwrite its input.
  std::vector<Job> jobs(const std::vector<std::string>& inputs) const;

  // With --resume, without those whose output is complete. `expected` gives the header that the
  // output of a job would have, as far as it is known. Error: it was made otherwise.
  std::vector<Job> unfinished(std::vector<Job> jobs,
                              const std::function<io::Header(const Job&)>& expected) const;

  io::Existing existing() const;
};

// What a run made of a job's inputs.
struct Outcome {
  std::int64_t frames = 0;
  bool any = true;         // false: no input could be read, so there is no output
  bool complete = true;    // no input failed or is truncated
  std::string summary;     // one line
  std::int64_t taken = 0;  // frames of the stopped run
};

// Closes the output, logs the summary and returns the exit status. A file gets its final name if
// it is complete. Otherwise it keeps its temporary name, which the last message contains.
int finish(const Job& job, io::RunOutput& out, const Outcome& outcome);

// The parts of finish(), for tools that close their files themselves. Both log the temporary names
// of partial outputs ("" if none) and return the exit status.
int stopped(std::int64_t frames, const std::string& partial);  // by a signal
int incomplete(const std::vector<std::string>& partial);

// Runs the jobs in order until a signal arrives. With --output-dir, an exception from one job is
// reported and the next job starts, unless `fail_fast`. Returns the exit status.
int run_jobs(const std::vector<Job>& jobs, bool fail_fast,
             const std::function<int(const Job&)>& work);

}  // namespace vremd::cli
