// SPDX-License-Identifier: Apache-2.0
#include "io/json_file.h"

#include "core/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace vremd::io {
InputFile open_input(const std::string& path) {
  std::error_code ignored;
  if (path != "-" && std::filesystem::is_directory(path, ignored)) fail("{}: is a directory", path);
  const auto close = [](std::FILE* file) {
    if (file != stdin) std::fclose(file);
  };
  InputFile file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"), close);
  if (!file) fail("{}: cannot open: {}", path, std::strerror(errno));
  return file;
}

Json read_json_file(const std::string& path, const std::vector<JsonItems>& lists) {
  return parse_json(open_input(path).get(), name_of_input(path), lists);
}

Json read_config_file(const std::string& path) {
  return parse_json(read_text_file(path), name_of_input(path), 1, JsonComments::kSkipped);
}

std::string read_text_file(const std::string& path) {
  const InputFile file = open_input(path);
  std::string text;
  char block[1 << 16];
  while (const std::size_t count = std::fread(block, 1, sizeof block, file.get())) {
    text.append(block, count);
  }
  if (std::ferror(file.get())) {
    fail("{}: cannot read: {}", name_of_input(path), std::strerror(errno));
  }
  return text;
}

std::vector<std::string> files_in(const std::string& folder, std::string_view extension) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path& path = entry->path();
    const bool hidden = path.filename().string().starts_with('.');
    if (path.extension() == extension && !hidden) files.push_back(path);
  }
  if (error) fail("{}: cannot read: {}", folder, error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace vremd::io
