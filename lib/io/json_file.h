// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <string>

namespace vremd {

// The whole JSON text of a file, or of standard input for "-". An Error names "file:line".
Json read_json_file(const std::string& path);
Json parse_json(const std::string& text, const std::string& name);  // of the file, for errors

// Every byte of a file, or of standard input for "-".
std::string read_text_file(const std::string& path);

}  // namespace vremd
