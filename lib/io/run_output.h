// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/output_file.h"

#include <string>
#include <vector>

namespace vremd::io {

struct Header;

// What a run does if its output exists, or if a stopped run has left a partial file of it.
enum class Existing {
  kRefuse,   // Error; partial files are mentioned
  kReplace,  // the same, but an existing output is replaced
  kResume,   // continues it, and removes files whose records have been copied
};

// The output of a run, "-" for standard output. Only one process at a time writes a file.
class RunOutput {
 public:
  // `own`: the header of the run. With kResume, an existing output is treated as a partial file.
  // Errors: the file exists and is not to be replaced, or is of another kind of run; another
  // process is writing it.
  RunOutput(const std::string& path, Existing existing, const Header& own);

  // After an exception, keeps what has been written if that is more than one line, and reports it.
  ~RunOutput();

  OutputFile& file() { return file_; }
  const std::string& left() const { return left_; }  // the file to continue from; "": none

  // Gives the file its final name if it is complete; otherwise returns its temporary name ("":
  // none). Files of stopped runs that hold nothing more are removed.
  std::string finish(bool complete);

  void discard() { finished_ = true; }  // nothing of it is of use: an exception keeps nothing

 private:
  void remove_taken(const std::string& by);

  std::string path_;
  bool resumes_;
  OutputFile file_;
  std::vector<std::string> found_;  // of stopped runs, largest first
  std::string left_;
  bool finished_ = false;
  int exceptions_;
};

// Removes what stopped runs have left of a complete output, if the output holds all of it. Does
// nothing where that is not possible, or while another process writes it.
void remove_left(const std::string& path);

}  // namespace vremd::io
