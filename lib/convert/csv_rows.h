// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of comma-separated values (RFC 4180): fields in quotes may hold commas, quotes doubled, and
// line breaks. Lines end with LF or CRLF; a byte order mark is skipped.

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::convert {

class CsvReader {
 public:
  explicit CsvReader(const std::string& path);  // "-" is standard input

  // False at the end. Empty lines are skipped. Errors "file:line: ...": a quote that never ends,
  // text behind one, what is not UTF-8, more than 1 MiB or 1000 fields in a row.
  bool next(std::vector<std::string>& row);
  std::string place() const;  // "file:line" where the row began

 private:
  int peek();  // the next byte, or EOF
  int get();
  void quoted(std::string& field);
  [[noreturn]] void wrong(const char* what) const;

  std::string name_;
  std::unique_ptr<std::FILE, void (*)(std::FILE*)> file_;
  std::array<char, 1 << 16> buffer_;
  std::size_t at_ = 0, size_ = 0;
  long line_ = 1, row_line_ = 1;
  std::size_t row_bytes_ = 0;
};

// One field, in quotes where it needs them.
std::string csv_field(std::string_view text);

}  // namespace vremd::convert
