// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of comma-separated values (RFC 4180): fields in quotes may hold commas, quotes doubled, and
// line breaks. Lines end with LF or CRLF; a byte order mark is skipped. The separator is the one of
// kCsvSeparators that the first line has most of.

#include "io/json_file.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::convert {

constexpr std::string_view kCsvSeparators = ",;\t";

// "" and what pandas, R and spreadsheets write for a missing value.
bool is_missing(std::string_view field);

class CsvReader {
 public:
  // `path`: "-" is standard input. `separator`: 0 finds it.
  explicit CsvReader(const std::string& path, std::size_t most_fields = 1000, char separator = 0);

  // False at the end. Empty lines are skipped. Errors "file:line: ...": an unterminated quote, text
  // after a closing one, invalid UTF-8, more than 1 MiB or `most_fields` fields in a row.
  bool next(std::vector<std::string>& row);
  std::string place() const;  // "file:line" where the row began

  // A field of the row, nothing if it is missing. Errors "file:line: NAME: ...": not finite, not an
  // integer (3.0 is one). With semicolons as separators, numbers may have decimal commas.
  std::optional<double> number(std::string_view field, std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view field, std::string_view name) const;

 private:
  template <typename T>
  T parse(std::string_view field, std::string_view name, const char* what) const;
  int peek();  // the next byte, or EOF
  int get();
  void quoted(std::string& field);
  [[noreturn]] void wrong(std::string_view what) const;

  std::string name_;
  io::InputFile file_;
  std::array<char, 1 << 16> buffer_;
  std::size_t at_ = 0, size_ = 0;
  std::size_t most_fields_;
  char separator_ = kCsvSeparators.front();
  long line_ = 1, row_line_ = 1;
  std::size_t row_bytes_ = 0;
};

// One field, quoted if necessary.
std::string csv_field(std::string_view text);

}  // namespace vremd::convert
