// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"
#include "io/json_parse.h"

#include <string>

namespace vremd {

// The whole JSON text of a file, or of standard input for "-". An Error names "file:line".
Json read_json_file(const std::string& path, const JsonItems& items = {});

// Every byte of a file, or of standard input for "-".
std::string read_text_file(const std::string& path);

// How messages name a file.
inline std::string name_of_input(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

}  // namespace vremd
