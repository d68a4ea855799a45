// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.h"
#include "io/output_file.h"

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

std::string label_of(const Job& job);  // "OUTPUT: " with --output-dir, otherwise ""

// Where a tool with many inputs writes: everything to one file, or one file per input.
struct OutputOptions {
  std::string output = "-", folder;
  bool force = false, resume = false;

  void add_to(Tool& tool);  // --output, --output-dir, --force, --resume

  // One job in all, or with --output-dir one per input, writing FOLDER/INPUT.jsonl; relative inputs
  // keep their directories. --resume skips inputs whose output exists (a file gets its final name
  // only when complete). Error: an output exists, with neither --resume nor --force. UsageError:
  // conflicting options, two inputs with the same output, an output that would overwrite its input.
  std::vector<Job> jobs(const std::vector<std::string>& inputs) const;
};

// Gives the output its final name. With --output-dir, the output of a failed job keeps its
// temporary name, so that --resume does not mistake it for a complete one.
void finish(OutputFile& out, const Job& job, bool failed);

// Runs the jobs in order until a signal arrives. With --output-dir, an exception from one job is
// reported and the next job starts, unless `fail_fast`. Returns the exit status.
int run_jobs(const std::vector<Job>& jobs, bool fail_fast,
             const std::function<int(const Job&)>& work);

}  // namespace vremd::cli
