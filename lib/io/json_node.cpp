// SPDX-License-Identifier: Apache-2.0
#include "io/json_node.h"

namespace vremd::io {

std::string JsonPlace::text() const {
  const JsonPlace* file = this;
  while (file->outer) file = file->outer;
  return std::string(file->key) + (outer ? ": " + path() : "");
}

std::string JsonPlace::path() const {
  std::string text = outer ? outer->path() : "";
  if (outer && !key.empty()) text += (text.empty() ? "" : ".") + excerpt(key);
  return index == kNoIndex ? text : text + fmt::format("[{}]", index);
}

using Backend = JsonBackend<const Json*>;

bool Backend::is_beyond_int64(const Json* json) {
  constexpr auto kLargest = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  return json->is_number_unsigned() && json->get<std::uint64_t>() > kLargest;
}

bool Backend::get(const Json* json, bool& result) {
  if (json->is_boolean()) result = json->get<bool>();
  return json->is_boolean();
}

bool Backend::get(const Json* json, double& result) {
  if (json->is_number()) result = json->get<double>();
  return json->is_number();
}

bool Backend::get(const Json* json, std::int64_t& result) {
  if (json->is_number_integer()) result = json->get<std::int64_t>();
  return json->is_number_integer();
}

bool Backend::get(const Json* json, std::string_view& result) {
  if (json->is_string()) result = json->get_ref<const std::string&>();
  return json->is_string();
}

}  // namespace vremd::io
