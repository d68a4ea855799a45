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

Json to_json(simdjson::dom::element value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::ARRAY: {
      Json list = Json::array();
      for (const simdjson::dom::element one : simdjson::dom::array(value)) {
        list.push_back(to_json(one));
      }
      return list;
    }
    case element_type::OBJECT: {
      Json object = Json::object();
      for (const auto [key, one] : simdjson::dom::object(value)) {
        object[std::string(key)] = to_json(one);
      }
      return object;
    }
    case element_type::INT64: {
      // Like nlohmann's parser: unsigned unless negative.
      const std::int64_t number = value.get_int64().value_unsafe();
      return number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
    }
    case element_type::UINT64: return std::uint64_t(value);
    case element_type::DOUBLE: return double(value);
    case element_type::STRING: return std::string(std::string_view(value));
    case element_type::BOOL: return bool(value);
    case element_type::NULL_VALUE: return nullptr;
  }
  return nullptr;
}

}  // namespace vremd::io
