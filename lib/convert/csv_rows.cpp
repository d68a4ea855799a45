// SPDX-License-Identifier: Apache-2.0
#include "convert/csv_rows.h"

#include "core/error.h"
#include "core/text.h"

#include <algorithm>
#include <cmath>

namespace vremd::convert {
namespace {

constexpr std::size_t kLongestRow = 1 << 20;

bool is_utf8(std::string_view text) {
  while (const std::size_t length = utf8_length(text)) text.remove_prefix(length);
  return text.empty();
}

}  // namespace

bool is_missing(std::string_view field) {
  static constexpr std::array<std::string_view, 11> kMissing = {
      "", "NA", "<NA>", "N/A", "#N/A", "NaN", "nan", "-nan", "null", "NULL", "None"};
  return std::find(kMissing.begin(), kMissing.end(), field) != kMissing.end();
}

CsvReader::CsvReader(const std::string& path, std::size_t most_fields, char separator)
    : name_(io::name_of_input(path)), file_(path), most_fields_(most_fields) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  peek();
  const std::string_view head(buffer_.data(), size_);
  if (head.starts_with(kMark)) at_ = kMark.size();
  const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  separator_ = separator;
  if (separator) return;
  separator_ =
      std::ranges::max(kCsvSeparators, {}, [&](char c) { return std::ranges::count(line, c); });
}

std::string CsvReader::place() const { return fmt::format("{}:{}", name_, row_line_); }

void CsvReader::wrong(std::string_view what) const { fail("{}: {}", place(), what); }

int CsvReader::peek() {
  if (at_ == size_) {
    at_ = 0;
    size_ = file_.fill(buffer_);
  }
  return at_ == size_ ? EOF : static_cast<unsigned char>(buffer_[at_]);
}

int CsvReader::get() {
  const int byte = peek();
  if (byte == EOF) return EOF;
  if (++row_bytes_ > kLongestRow) wrong("a row longer than 1 MiB");
  ++at_;
  line_ += byte == '\n';
  return byte;
}

void CsvReader::quoted(std::string& field) {
  for (;;) {
    const int byte = get();
    if (byte == EOF) wrong("unterminated quote");
    if (byte == '"' && peek() != '"') return;
    if (byte == '"') get();  // the second of a pair
    field.push_back(static_cast<char>(byte));
  }
}

bool CsvReader::next(std::vector<std::string>& row) {
  row.assign(1, "");
  row_line_ = line_;
  row_bytes_ = 0;
  bool behind_quote = false;
  for (;;) {
    const int byte = get();
    if (byte == EOF && row.size() == 1 && row[0].empty() && !behind_quote) return false;
    if (byte == '\n' || byte == EOF) {
      if (!behind_quote && row.back().ends_with('\r')) row.back().pop_back();
      if (row.size() == 1 && row[0].empty() && !behind_quote) {  // an empty line
        row_line_ = line_;
        row_bytes_ = 0;
        continue;
      }
      for (const std::string& field : row) {
        if (!is_utf8(field)) wrong("not UTF-8");
      }
      return true;
    }
    if (byte == separator_) {
      if (row.size() == most_fields_) wrong(fmt::format("more than {} fields", most_fields_));
      row.emplace_back();
      behind_quote = false;
    } else if (byte == '"' && row.back().empty() && !behind_quote) {
      quoted(row.back());
      behind_quote = true;
    } else if (behind_quote && byte != '\r') {
      wrong("text after a closing quote");
    } else if (!behind_quote) {
      row.back().push_back(static_cast<char>(byte));
    }
  }
}

std::optional<double> CsvReader::number(std::string_view field, std::string_view name) const {
  if (is_missing(field)) return std::nullopt;
  const double value = parse<double>(field, name, "a number");
  if (!std::isfinite(value)) wrong(fmt::format("{}: not finite", name));
  return value;
}

std::optional<std::int64_t> CsvReader::integer(std::string_view field,
                                               std::string_view name) const {
  if (is_missing(field)) return std::nullopt;
  if (field.find_first_of(".,eE") == field.npos) {
    return parse<std::int64_t>(field, name, "an integer");
  }
  constexpr double kExact = 9007199254740992;  // 2^53
  const double value = parse<double>(field, name, "an integer");
  if (value != std::floor(value) || std::abs(value) > kExact) {
    wrong(fmt::format("{}: '{}' is not an integer", name, excerpt(field)));
  }
  return static_cast<std::int64_t>(value);  // 3.0 of a column with missing values
}

template <typename T>
T CsvReader::parse(std::string_view field, std::string_view name, const char* what) const {
  std::string text(field);
  // As spreadsheets write them in many countries, where columns are separated by semicolons.
  if (separator_ == ';') std::ranges::replace(text, ',', '.');
  const auto value = number_from<T>(text);
  if (!value) wrong(fmt::format("{}: '{}' is not {}", name, excerpt(field), what));
  return *value;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace vremd::convert
