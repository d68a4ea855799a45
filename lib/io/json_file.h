// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"
#include "io/json_parse.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::io {

// The whole JSON text of a file, or of standard input for "-". An Error names "file:line".
Json read_json_file(const std::string& path, const std::vector<JsonItems>& lists = {});

// The same for files written by hand: comments are allowed (// and /* */).
Json read_config_file(const std::string& path);

// A file for reading, or standard input for "-". Errors: cannot open, is a directory.
using InputFile = std::unique_ptr<std::FILE, void (*)(std::FILE*)>;
InputFile open_input(const std::string& path);

// Every byte of a file, or of standard input for "-".
std::string read_text_file(const std::string& path);

// The files of that extension directly in a folder, in byte order of their names. Hidden files are
// skipped: some systems add their own. An empty result is not an error.
std::vector<std::string> files_in(const std::string& folder, std::string_view extension);

// How messages name a file.
inline std::string name_of_input(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

}  // namespace vremd::io
