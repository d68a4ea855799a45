// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace vremd::io {

// The reader of our standard output has gone (EPIPE). Not an error to report.
struct BrokenPipe : std::runtime_error {
  BrokenPipe() : std::runtime_error("broken pipe") {}
};

// A file that has a temporary name beside its final one, PATH.tmp.PID, until it is complete.
//
// The constructor creates it (O_EXCL: whatever another process, host or killed run has left under
// such a name stays as it is, and another name is taken). commit() waits for the disk and renames
// it; without commit() it is removed, unless keep() was called. An existing PATH is refused without
// `force`; one that is not a regular file (a device, a pipe) is written in place.
class PartialFile {
 public:
  PartialFile(std::string path, bool force);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  const std::string& name() const { return temporary_.empty() ? path_ : temporary_; }
  void commit();
  std::string keep();  // gives the temporary name, "" for what is written in place

 private:
  void create();

  std::string path_, temporary_;
  int file_ = -1;
  bool kept_ = false;
};

// Where a tool's lines go: a file (through PartialFile), or standard output for "-".
// Every write is checked, the last one in commit(). Each line is flushed, so that readers and a
// killed run's partial file have it.
class OutputFile {
 public:
  explicit OutputFile(std::string path, bool force = false);
  ~OutputFile();

  const std::string& path() const { return path_; }
  void write_line(std::string_view line);
  void write(std::string_view bytes);  // raw
  void flush();
  void commit();

  // For an output that is not complete: flushes, leaves the file under its temporary name, and
  // gives that ("" for what has none).
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

}  // namespace vremd::io
