// SPDX-License-Identifier: Apache-2.0
#pragma once

// The manifest of an archive: a line of JSON for each input and try, from any number of processes.

#include <cstdint>
#include <string>
#include <vector>

namespace vremd::cli {

// A line of the manifest: vremd(7), MANIFEST.
struct Try {
  std::string tool{}, version{}, input{}, output{};
  std::string status{};  // done, failed, skipped, stopped, in work
  std::string reason{};
  std::int64_t frames = 0, people = 0, damaged = 0, missing = 0;
  double seconds = 0;
  std::string device{};
  std::string host{};
  std::int64_t process = 0;
  std::string job{};  // of Slurm
  double peak_memory_mib = 0;
  std::string started{}, ended{};  // UTC
};

// Several processes may append to the same file: each line is written at once, under a lock where
// the file system has locks. Errors "PATH: what".
class Manifest {
 public:
  explicit Manifest(std::string path);
  ~Manifest();
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;

  void add(Try one);  // fills in host, process, job, peak memory and end

 private:
  std::string path_;
  int file_;
};

// Joins manifests with the list of all inputs, and prints the totals and everything that is not
// done: STATUS, tool, input and reason, separated by tabs. True if everything is done. Errors
// "path:line: what".
bool summarize(const std::vector<std::string>& inputs, const std::vector<std::string>& manifests);

}  // namespace vremd::cli
