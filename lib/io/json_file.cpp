// SPDX-License-Identifier: Apache-2.0
#include "io/json_file.h"

#include "core/error.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace vremd {

std::string read_text_file(const std::string& path) {
  std::error_code ignored;
  if (path != "-" && std::filesystem::is_directory(path, ignored)) fail("{}: is a directory", path);
  const auto close = [](std::FILE* file) {
    if (file != stdin) std::fclose(file);
  };
  const std::unique_ptr<std::FILE, decltype(close)> file(
      path == "-" ? stdin : std::fopen(path.c_str(), "rb"), close);
  if (!file) fail("{}: cannot open: {}", path, std::strerror(errno));
  std::string text;
  char block[1 << 16];
  while (const std::size_t count = std::fread(block, 1, sizeof block, file.get())) {
    text.append(block, count);
  }
  if (std::ferror(file.get())) {
    fail("{}: cannot read: {}", path == "-" ? "standard input" : path, std::strerror(errno));
  }
  return text;
}

Json read_json_file(const std::string& path) {
  return parse_json(read_text_file(path), path == "-" ? "standard input" : path);
}

Json parse_json(const std::string& text, const std::string& name) {
  if (text.empty()) fail("{}: empty", name);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const std::size_t place = std::min(error.byte > 0 ? error.byte - 1 : 0, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + place, '\n');
    if (place + 1 >= text.size()) fail("{}:{}: not valid JSON: it ends too early", name, line);
    const std::size_t line_start = place == 0 ? 0 : text.rfind('\n', place - 1) + 1;
    fail("{}:{}: not valid JSON at column {}", name, line, place - line_start + 1);
  } catch (const Json::out_of_range&) {
    fail("{}: a number is too large for a double", name);
  }
}

}  // namespace vremd
