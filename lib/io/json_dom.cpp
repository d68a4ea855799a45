// SPDX-License-Identifier: Apache-2.0
#include "io/json_dom.h"

#include "io/json_file.h"

namespace vremd::io {

JsonDocument::JsonDocument(std::string text, std::string path) : path_(std::move(path)) {
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);  // a byte order mark
  if (text.empty()) fail("{}: empty", path_);
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  if (const auto error = parser_.parse(text.data(), text.size(), false).get(root_)) {
    // simdjson does not report the place; the slower parser does.
    parse_json(text, path_);
    fail("{}: not valid JSON: {}", path_, simdjson::error_message(error));
  }
}

JsonDocument JsonDocument::read(const std::string& path) {
  return {read_text_file(path), name_of_input(path)};
}

Json to_json(simdjson::dom::element value) { return Json::parse(simdjson::minify(value)); }

}  // namespace vremd::io
