// SPDX-License-Identifier: Apache-2.0
#pragma once

// One strict parser for all JSON that comes from outside: UTF-8 only, no duplicate keys,
// no number beyond a double, at most kDeepestJson levels (readers recurse), nothing behind the
// value.

#include "io/json.h"

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::io {

constexpr int kDeepestJson = 200;

// What happens with the items of one of the text's lists: they are handed over one by one, and the
// list stays empty, so that memory holds one item at a time. The list is the text's member `list`,
// for "" the text itself; `outer` holds what came before it.
struct JsonItems {
  std::string list;
  std::function<void(Json item, std::size_t index, const Json& outer)> take;
};

// What people write themselves may have // and /* */ in it.
enum class JsonComments { kRefused, kSkipped };

// Errors "name:LINE: not valid JSON at column C", "name:LINE: PATH: duplicate key", ...
// `line` is the number of the text's first line. A byte order mark is skipped.
Json parse_json(std::string_view text, const std::string& name, long line = 1,
                JsonComments comments = JsonComments::kRefused);
Json parse_json(std::FILE* file, const std::string& name, const std::vector<JsonItems>& lists);

}  // namespace vremd::io
