// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace vremd::io {

// The reader of standard output has exited (EPIPE). Not reported as an error.
struct BrokenPipe : std::runtime_error {
  BrokenPipe() : std::runtime_error("broken pipe") {}
};

// A file with a temporary name, PATH.tmp.PID, until it is complete.
//
// The constructor creates it (O_EXCL: if another process, host or killed run left such a file,
// another name is used). commit() syncs and renames it; without commit() it is removed, unless
// keep() was called. An existing PATH is an Error without `force`; a device or pipe is written in
// place.
class PartialFile {
 public:
  PartialFile(std::string path, bool force);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  const std::string& name() const { return temporary_.empty() ? path_ : temporary_; }
  void commit();
  std::string keep();  // the temporary name; "": written in place

 private:
  void create();

  std::string path_, temporary_;
  int file_ = -1;
  bool kept_ = false;
};

// Output to a file (through PartialFile), or standard output for "-". Every write is checked, the
// last one in commit(). Each line is flushed, for readers and for the partial file of a killed run.
class OutputFile {
 public:
  explicit OutputFile(std::string path, bool force = false);
  ~OutputFile();

  const std::string& path() const { return path_; }
  void write_line(std::string_view line);
  void write(std::string_view bytes);  // raw
  void flush();
  void commit();

  // For incomplete outputs: flushes and keeps the file under its temporary name, which is returned
  // ("": none).
  std::string keep_partial();

 private:
  [[noreturn]] void fail_to(const char* action) const;

  std::string path_;
  std::unique_ptr<PartialFile> partial_;  // null for standard output
  std::FILE* file_ = nullptr;
};

// All of a file at once; "-" is standard output.
void write_file(const std::string& path, std::string_view bytes, bool force);

void make_folder(const std::string& path);  // and its parents; an existing directory is accepted

}  // namespace vremd::io
