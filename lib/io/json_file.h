// SPDX-License-Identifier: Apache-2.0
#pragma once

// A strict parser for all external JSON: UTF-8 only, no duplicate keys, no number beyond a double,
// at most kDeepestJson levels (readers recurse), nothing after the value.

#include "io/input_file.h"
#include "io/json.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::io {

constexpr int kDeepestJson = 200;

// Streams the items of one list, so that memory holds one at a time; the list itself stays empty.
// It is the text's member `list`, or for "" the text itself; `outer` holds the members before it.
struct JsonItems {
  std::string list;
  std::function<void(Json item, std::size_t index, const Json& outer)> take;
};

// Errors "name:LINE: not valid JSON at column C", "name:LINE: PATH: duplicate key", ...
// `line`: the number of the text's first line. A byte order mark is skipped.
Json parse_json(std::string_view text, const std::string& name, long line = 1);

// The whole JSON text of a file, or of standard input for "-". An Error names "file:line".
Json read_json_file(const std::string& path, const std::vector<JsonItems>& lists = {});

// The same for files written by hand: comments are allowed (// and /* */).
Json read_config_file(const std::string& path);

// The files whose names end so, directly in a folder, in byte order of their names. Hidden files
// are skipped: some systems add their own. An empty result is not an error.
std::vector<std::string> files_in(const std::string& folder, std::string_view ending);

}  // namespace vremd::io
