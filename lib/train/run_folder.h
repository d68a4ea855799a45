// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace vremd::train {

// Error "FOLDER: holds a training run; ADVICE" if it does.
void require_no_run(const std::string& folder, const char* advice);

// The output folder of a training run and what a run finds there again (trainer.h). Only the first
// of several processes writes.
class RunFolder {
 public:
  // Makes the folder. Error: it holds a run, and `resume` is false.
  RunFolder(std::string path, bool resume, bool writes);

  const std::string& path() const { return path_; }
  bool holds_run() const { return holds_run_; }  // that goes on now
  bool writes() const { return writes_; }

  std::string file(const char* name) const;
  std::string checkpoint() const { return file("checkpoint.safetensors"); }

  void write(const char* name, const std::string& text) const;

  // Continues metrics.jsonl behind the lines up to `step`: what a killed run did after its last
  // checkpoint is done again. True: it has a line of the epoch that ends with `step`.
  bool open_metrics(std::int64_t step);
  void add_metrics(const Json& line);
  std::vector<Json> metrics() const;

 private:
  std::string path_;
  bool holds_run_, writes_;
  std::ofstream metrics_;
};

}  // namespace vremd::train
