// SPDX-License-Identifier: Apache-2.0
#pragma once

// A strict parser for all external JSON: UTF-8 only, no duplicate keys, no number beyond a double,
// at most kDeepestJson levels (readers recurse), nothing after the value.

#include "io/json.h"

#include <cstdio>
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

// // and /* */, for files written by hand.
enum class JsonComments { kRefused, kSkipped };

// Errors "name:LINE: not valid JSON at column C", "name:LINE: PATH: duplicate key", ...
// `line`: the number of the text's first line. A byte order mark is skipped.
Json parse_json(std::string_view text, const std::string& name, long line = 1,
                JsonComments comments = JsonComments::kRefused);
Json parse_json(std::FILE* file, const std::string& name, const std::vector<JsonItems>& lists);

}  // namespace vremd::io
