// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace vremd {

// The reader of our standard output has gone (EPIPE). Not an error to report.
struct BrokenPipe : std::runtime_error {
  BrokenPipe() : std::runtime_error("broken pipe") {}
};

// A name beside a final path that a file has until it is complete, "PATH.tmp.PID".
//
// commit() renames it; without commit() it is removed, unless keep() was called (a stop by a
// signal keeps what was done, and says where). What exists and is no regular file (a device, a
// pipe) is written in place. An existing file is refused without `force`.
class PartialFile {
 public:
  PartialFile(std::string path, bool force);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  const std::string& name() const { return temporary_.empty() ? path_ : temporary_; }
  const std::string& final_name() const { return path_; }
  bool in_place() const { return temporary_.empty(); }
  void commit();
  void keep() { kept_ = true; }

 private:
  std::string path_, temporary_;
  bool done_ = false, kept_ = false;
};

// Where a tool's lines go: a file (through PartialFile), or standard output for "-".
// Every write is checked, the last one in commit(), which also waits for the disk. Each line is flushed, so that readers and a
// killed run's partial file have it.
class OutputFile {
 public:
  explicit OutputFile(std::string path, bool force = false);
  ~OutputFile();

  void write_line(std::string_view line);
  void write(std::string_view bytes);  // raw
  void flush();
  void commit();

  // After a stop signal: flush, leave the temporary file in place and return its name
  // ("" for standard output).
  std::string keep_partial();

 private:
  [[noreturn]] void fail_to(const char* action) const;

  std::string path_;
  std::unique_ptr<PartialFile> partial_;  // null for standard output
  std::FILE* file_ = nullptr;
};

// All of a file at once; "-" is standard output.
void write_file(const std::string& path, std::string_view bytes, bool force);

void make_folder(const std::string& path);  // and those above it; one that is there is good

}  // namespace vremd
