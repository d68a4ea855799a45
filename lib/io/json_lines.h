// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace vremd::io {

// What a last line without its newline is: a line as others, or one that a killed run left half
// written, which is left out.
enum class LastLine { kAsItIs, kMayBeCut };

// Reads one JSON object per line from a file, or from standard input for "-".
//
// Errors name "file:line". A stop signal while waiting for input ends the reading (next() gives
// nothing and interrupted() is true): by EINTR in the thread that took the signal, in any other
// by `stopped`, which is asked five times a second. Lines longer than 256 MiB are an error.
class JsonLinesReader {
 public:
  // Error: cannot open, is a directory.
  explicit JsonLinesReader(std::string path, std::function<bool()> stopped = {},
                           LastLine last_line = LastLine::kAsItIs);
  ~JsonLinesReader();

  std::optional<Json> next();  // nothing at the end of input; blank lines are skipped
  bool interrupted() const { return interrupted_; }

  std::string place() const;  // "file:line" of the last record
  const std::string& name() const { return name_; }

 private:
  bool wait();                             // false: stopped
  std::optional<std::string_view> line();  // without its end; until the next call

  std::string name_;
  std::function<bool()> stopped_;
  int file_ = -1;
  std::string buffer_;
  std::size_t begin_ = 0;    // of what was not given out yet
  bool may_be_cut_ = false;  // the last line
  bool ended_ = false;
  long line_ = 0;
  bool interrupted_ = false;
};

}  // namespace vremd::io
