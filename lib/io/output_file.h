// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.h"

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::io {

class ZstdWriter;

// The reader of standard output has exited (EPIPE). Not reported as an error.
struct BrokenPipe : std::runtime_error {
  BrokenPipe() : std::runtime_error("broken pipe") {}
};

// Another process is writing the file.
struct InWork : Error {
  using Error::Error;
};

// The file, which must not be replaced, has appeared since this process began to write it.
struct Appeared : Error {
  using Error::Error;
};

// A file under a name of its own, .NAME.HOST.PID.RANDOM.partial beside the target, until it is
// complete. Its process holds a lock on it, so that others know whether it is still being written.
//
// Links are followed, to the file that is to be replaced. What exists and is no regular file (a
// device, a pipe, an open descriptor such as /dev/stdout) is written in place. Error: a directory;
// an existing file without `force`.
class PartialFile {
 public:
  PartialFile(std::string path, bool force);
  ~PartialFile();  // removes it unless it was committed or kept
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  const std::string& name() const { return name_; }  // of the file to be written
  int descriptor() const { return file_; }
  bool in_place() const { return target_.empty(); }
  bool kept() const { return kept_; }

  // Makes this the only process that writes the target (InWork: another one does), and finds what
  // runs that have ended left of it: names, largest file first. They are locked for this object.
  // Where the file system has no locks, only processes of this host are known to have ended.
  std::vector<std::string> claim();
  void remove(const std::string& left);  // one of claim()'s

  // Syncs the file and gives it its final name. Without `force`, a file that has appeared under
  // that name is not replaced: the partial file is kept, and an Appeared names it.
  void commit();
  std::string keep();  // its name; "": written in place

 private:
  struct Left {
    std::string name;
    int lock;
    long long bytes;
  };

  void create();
  bool lock_own() const;
  std::string find_others();
  void publish();
  bool is_published() const;
  void release();

  std::string path_, name_;
  std::filesystem::path target_;  // empty: written in place
  bool force_;
  int file_ = -1;
  bool kept_ = false;
  std::vector<Left> left_;
};

// Output to a file (through PartialFile), or standard output for "-". Every write is checked, the
// last one in commit(). Each line is flushed, for readers and for the partial file of a killed run.
// A file whose name ends in .zst is compressed, and flushed as ZstdWriter does.
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

  long lines() const { return lines_; }
  PartialFile* partial() { return partial_.get(); }  // null for standard output

 private:
  void put(std::string_view bytes);
  void put_file(std::string_view bytes);
  void flush_file();
  void end_frame();
  [[noreturn]] void fail_to(const char* action) const;

  std::string path_;
  std::unique_ptr<PartialFile> partial_;
  std::FILE* file_ = nullptr;
  std::unique_ptr<ZstdWriter> zstd_;
  long lines_ = 0;  // by write_line()
};

// Whether a directory has partial files of any target.
bool any_partial_file(const std::string& folder);

// The Errors that an output to `path` would meet: it exists, is a directory, or lies in none.
void check_output(const std::string& path, bool force);

// Removes what killed runs have left of a file, as far as it is of no use. InWork: another process
// is writing it.
void discard_partial_files(
    const std::string& path,
    const std::function<bool(const std::string& partial)>& is_useless = [](auto&) { return true; });

// The same for all files of a directory whose names have this ending. Those that are being written
// stay.
void discard_partial_files_in(const std::string& folder, std::string_view ending);

// All of a file at once; "-" is standard output.
void write_file(const std::string& path, std::string_view bytes, bool force);

void make_folder(const std::string& path);  // and its parents; an existing directory is accepted

}  // namespace vremd::io
