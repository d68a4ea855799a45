// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace vremd {

// Reads one JSON object per line from a file, or from standard input for "-".
//
// Errors name "file:line". A stop signal while waiting for input ends the reading (next() gives
// nothing and interrupted() is true). Lines longer than 256 MiB are an error.
class JsonLinesReader {
 public:
  explicit JsonLinesReader(std::string path);  // Error: cannot open, is a directory
  ~JsonLinesReader();

  std::optional<Json> next();  // nothing at the end of input; blank lines are skipped
  bool interrupted() const { return interrupted_; }

  std::string place() const;  // "file:line" of the last record
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::FILE* file_ = nullptr;
  char* buffer_ = nullptr;
  std::size_t capacity_ = 0;
  long line_ = 0;
  bool interrupted_ = false;
};

}  // namespace vremd
