// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <string>

namespace vremd {

// The whole JSON text of a file, or of standard input for "-". An Error names "file:line".
Json read_json_file(const std::string& path);

}  // namespace vremd
