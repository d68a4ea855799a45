// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.h"
#include "io/output_file.h"

#include <functional>
#include <string>
#include <vector>

namespace vremd::cli {

// One output of a run, and the inputs whose records it gets.
struct Job {
  std::vector<std::string> inputs;
  std::string output;    // "-": standard output
  bool of_many = false;  // --output-dir
};

std::string label_of(const Job& job);  // "OUTPUT: " for messages of one of many

// Where a tool that takes many inputs writes: all into one file, or each into one of its own.
struct OutputOptions {
  std::string output = "-", folder;
  bool force = false, resume = false;

  void add_to(Tool& tool);  // --output, --output-dir, --force, --resume

  // One job without --output-dir, else one for each input: FOLDER/INPUT.jsonl, with the folders of
  // a relative input. --resume leaves out the inputs whose output is there: it has its name only
  // when all of its input was done; without it and --force such an output is an Error.
  // UsageError: options that do not go together, two inputs with one output, an output that would
  // replace its input.
  std::vector<Job> jobs(const std::vector<std::string>& inputs) const;
};

// Gives the output its name, or of one of many inputs, where something failed, leaves it beside:
// --resume shall not take it for done.
void finish(OutputFile& out, const Job& job, bool failed);

// Works on one job after the other; a signal ends it. With --output-dir what one throws is
// reported and the next begins, unless `fail_fast`. Gives the exit status.
int run_jobs(const std::vector<Job>& jobs, bool fail_fast,
             const std::function<int(const Job&)>& work);

}  // namespace vremd::cli
