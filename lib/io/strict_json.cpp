// SPDX-License-Identifier: Apache-2.0
#include "io/strict_json.h"

#include "core/error.h"

#include <cmath>
#include <limits>

namespace vremd::strict {

const Json* find(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json& require(const Json& object, const char* key, const std::string& place) {
  const Json* value = find(object, key);
  if (!value) fail("{}: no {}", place, key);
  return *value;
}

const Json& require_list(const Json& object, const char* key, const std::string& place) {
  const Json& value = require(object, key, place);
  if (!value.is_array()) fail("{}: {}: not a list", place, key);
  return value;
}

void require_object(const Json& value, const std::string& place) {
  if (!value.is_object()) fail("{}: not an object", place);
}

std::int64_t integer(const Json& value, const char* key, const std::string& place) {
  constexpr double kExact = 9007199254740992;  // 2^53
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    fail("{}.{}: too large", place, key);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number == std::floor(number) && std::abs(number) <= kExact) {
      return static_cast<std::int64_t>(number);
    }
  }
  fail("{}.{}: not an integer", place, key);
}

std::optional<std::int64_t> optional_integer(const Json& object, const char* key,
                                             const std::string& place) {
  const Json* value = find(object, key);
  if (!value) return std::nullopt;
  return integer(*value, key, place);
}

std::optional<double> optional_number(const Json& object, const char* key,
                                      const std::string& place) {
  const Json* value = find(object, key);
  if (!value) return std::nullopt;
  if (!value->is_number()) fail("{}.{}: not a number", place, key);
  return value->get<double>();
}

bool flag(const Json& object, const char* key, bool otherwise, const std::string& place) {
  const Json* value = find(object, key);
  if (!value) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number_integer()) return value->get<std::int64_t>() != 0;
  fail("{}.{}: not true or false", place, key);
}

std::string text(const Json& object, const char* key, const std::string& place) {
  const Json& value = require(object, key, place);
  if (!value.is_string()) fail("{}.{}: not a text", place, key);
  return value.get<std::string>();
}

std::vector<double> numbers(const Json& list, const std::string& place) {
  if (!list.is_array()) fail("{}: not a list of numbers", place);
  std::vector<double> values;
  values.reserve(list.size());
  for (const Json& value : list) {
    if (!value.is_number()) fail("{}[{}]: not a number", place, values.size());
    values.push_back(value.get<double>());
  }
  return values;
}

std::vector<double> numbers(const Json& object, const char* key, const std::string& place) {
  const Json* list = find(object, key);
  if (!list) return {};
  return numbers(*list, place + "." + key);
}

std::optional<Box> box(const Json& object, const char* key, const std::string& place) {
  const std::vector<double> values = numbers(object, key, place);
  if (values.empty()) return std::nullopt;
  if (values.size() != 4) fail("{}.{}: not four numbers", place, key);
  return Box{values[0], values[1], values[2], values[3]};
}

}  // namespace vremd::strict
