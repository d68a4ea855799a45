// SPDX-License-Identifier: Apache-2.0
#include "eval/strict_dom.h"

#include "io/json_file.h"

#include <cmath>

namespace vremd::strict_dom {

Document::Document(std::string text, const std::string& path) {
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);  // a byte order mark
  if (text.empty()) fail("{}: empty", path);
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  if (const auto error = parser_.parse(text.data(), text.size(), false).get(root_)) {
    // simdjson tells only that something is wrong; the slower parser tells where.
    parse_json(text, path);
    fail("{}: not valid JSON: {}", path, simdjson::error_message(error));
  }
}

void wrong(const At& at, const char* what) { fail("{}: {}", at.text(), what); }

dom::array list(dom::element value, const At& at) {
  dom::array array;
  if (value.get(array)) wrong(at, "not a list");
  return array;
}

dom::element require(const std::optional<dom::element>& value, const char* key, const At& at) {
  if (!value) fail("{}: no {}", at.text(), key);
  return *value;
}

double number(dom::element value, const At& at) {
  double result;
  if (value.get(result)) wrong(at, "not a number");
  return result;
}

std::int64_t integer(dom::element value, const At& at) {
  constexpr double kExact = 9007199254740992;  // 2^53
  std::int64_t result;
  if (!value.get(result)) return result;
  if (value.is_uint64()) wrong(at, "too large");
  double real;
  if (value.get(real) || real != std::floor(real) || std::abs(real) > kExact) {
    wrong(at, "not an integer");
  }
  return static_cast<std::int64_t>(real);
}

std::string text(dom::element value, const At& at) {
  std::string_view result;
  if (value.get(result)) wrong(at, "not a text");
  return std::string(result);
}

bool flag(dom::element value, const At& at) {
  bool result;
  return value.get(result) ? number(value, at) != 0 : result;
}

}  // namespace vremd::strict_dom
