// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/input_file.h"
#include "io/json_file.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vremd::io {

// A last line without its newline is either read, or skipped as half-written by a killed run.
enum class LastLine { kAsItIs, kMayBeCut };

// Reads one JSON object per line from a file, or from standard input for "-", which may be
// compressed.
//
// Errors name "file:line". A stop signal while waiting for input ends reading (next() gives nothing
// and interrupted() is true): by EINTR in the thread that received the signal, in others by
// `stopped`, which is polled five times a second. Lines longer than 256 MiB are an error.
class JsonLinesReader {
 public:
  // Error: cannot open, is a directory.
  explicit JsonLinesReader(const std::string& path, std::function<bool()> stopped = {},
                           LastLine last_line = LastLine::kAsItIs);

  std::optional<Json> next();  // nothing at the end; blank lines are skipped
  bool interrupted() const { return interrupted_; }

  std::string place() const;  // "file:line" of the last record
  const std::string& name() const { return name_; }

  std::optional<std::string_view> line();  // any text, without its end; until the next call

  // Compressed input ended in the middle of its data: at a line that is skipped, or after the last
  // one. Known at the end.
  bool truncated() const { return file_.cut(); }

 private:
  bool wait();  // false: stopped
  std::optional<std::size_t> read(std::span<char> to);

  std::string name_;
  std::function<bool()> stopped_;
  InputFile file_;
  std::string buffer_;
  std::size_t begin_ = 0;    // of the unread part
  bool may_be_cut_ = false;  // the last line
  bool ended_ = false;
  long line_ = 0;
  bool interrupted_ = false;
};

}  // namespace vremd::io
