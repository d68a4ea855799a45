// SPDX-License-Identifier: Apache-2.0
#include "io/json_lines.h"

#include "core/error.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace vremd {

JsonLinesReader::JsonLinesReader(std::string path) : name_(std::move(path)) {
  if (name_ == "-") {
    name_ = "standard input";
    file_ = stdin;
    return;
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(name_, ignored)) fail("{}: is a directory", name_);
  file_ = std::fopen(name_.c_str(), "r");
  if (!file_) fail("{}: cannot open: {}", name_, std::strerror(errno));
}

JsonLinesReader::~JsonLinesReader() {
  std::free(buffer_);
  if (file_ != stdin) std::fclose(file_);
}

std::string JsonLinesReader::place() const { return fmt::format("{}:{}", name_, line_); }

std::optional<Json> JsonLinesReader::next() {
  constexpr ssize_t kLongest = ssize_t{256} << 20;
  for (;;) {
    errno = 0;
    const ssize_t length = getline(&buffer_, &capacity_, file_);
    if (length < 0) {
      if (errno == EINTR) {
        interrupted_ = true;
      } else if (std::ferror(file_)) {
        fail("{}: cannot read: {}", name_, std::strerror(errno));
      }
      return std::nullopt;
    }
    ++line_;
    if (length > kLongest) fail("{}: line longer than {} MiB", place(), kLongest >> 20);
    std::string_view text(buffer_, static_cast<std::size_t>(length));
    if (line_ == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // BOM
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
    Json record = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object()) fail("{}: not a JSON record", place());
    return record;
  }
}

}  // namespace vremd
