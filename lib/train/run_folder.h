// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace vremd::train {

// Error "FOLDER: contains a training run; ADVICE" if it does.
void require_no_run(const std::string& folder, const char* advice);

// Output directory of a training run (trainer.h). Only the first of several processes writes.
class RunFolder {
 public:
  // Creates the directory. Error: it contains a run and `resume` is false.
  RunFolder(std::string path, bool resume, bool writes);

  const std::string& path() const { return path_; }
  bool holds_run() const { return holds_run_; }  // to be resumed
  bool writes() const { return writes_; }

  std::string file(const char* name) const;
  std::string checkpoint() const { return file("checkpoint.safetensors"); }

  void write(const char* name, const std::string& text) const;

  // Opens metrics.jsonl for appending, dropping lines after `step`: a killed run repeats the steps
  // after its last checkpoint. True if it has the line of the epoch that ends at `step`.
  bool open_metrics(std::int64_t step);
  void add_metrics(const Json& line);
  std::vector<Json> metrics() const;

 private:
  std::string path_;
  bool holds_run_, writes_;
  std::ofstream metrics_;
};

}  // namespace vremd::train
