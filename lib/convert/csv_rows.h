// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of comma-separated values (RFC 4180): fields in quotes may hold commas, quotes doubled, and
// line breaks. Lines end with LF or CRLF; a byte order mark is skipped. The separator is the one of
// kCsvSeparators that the first line has most of.

#include "io/json_file.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::convert {

constexpr std::string_view kCsvSeparators = ",;\t";

class CsvReader {
 public:
  explicit CsvReader(const std::string& path);  // "-" is standard input

  // False at the end. Empty lines are skipped. Errors "file:line: ...": an unterminated quote, text
  // after a closing one, invalid UTF-8, more than 1 MiB or 1000 fields in a row.
  bool next(std::vector<std::string>& row);
  std::string place() const;  // "file:line" where the row began
  char separator() const { return separator_; }

 private:
  int peek();  // the next byte, or EOF
  int get();
  void quoted(std::string& field);
  [[noreturn]] void wrong(const char* what) const;

  std::string name_;
  io::InputFile file_;
  std::array<char, 1 << 16> buffer_;
  std::size_t at_ = 0, size_ = 0;
  char separator_ = kCsvSeparators.front();
  long line_ = 1, row_line_ = 1;
  std::size_t row_bytes_ = 0;
};

// One field, quoted if necessary.
std::string csv_field(std::string_view text);

}  // namespace vremd::convert
