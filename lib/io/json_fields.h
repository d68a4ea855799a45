// SPDX-License-Identifier: Apache-2.0
#pragma once

// A configuration struct <-> JSON from one description of its fields: a function template
//   template <typename Io> void describe(Io& io, Config& c) { io("key", c.field); ... }
// is run with a FieldReader (keys that are not there keep their value; an unknown key or a wrong
// type is an Error "place: path.of.key: what") and with a FieldWriter (every field).

#include "core/error.h"
#include "io/json.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vremd {

// Reads one JSON object; finish() refuses the keys that nobody asked for.
class FieldReader {
 public:
  FieldReader(const Json& json, std::string place, std::string path)
      : json_(json), place_(std::move(place)), path_(std::move(path)) {
    if (!json_.is_object()) {
      fail("{}: {}: expected an object", place_, path_.empty() ? "configuration" : path_);
    }
  }

  template <typename Body>
  void group(const char* key, Body body) {
    known_.insert(key);
    const auto found = json_.find(key);
    if (found == json_.end()) return;
    FieldReader inner(*found, place_, path_to(key));
    body(inner);
    inner.finish();
  }

  template <typename T>
  void operator()(const char* key, T& field) {
    known_.insert(key);
    const auto found = json_.find(key);
    if (found != json_.end()) read(*found, field, path_to(key));
  }

  // null in the place of a value leaves it open.
  template <typename T>
  void operator()(const char* key, std::optional<T>& field) {
    known_.insert(key);
    const auto found = json_.find(key);
    if (found == json_.end()) return;
    T value{};
    if (!found->is_null()) read(*found, value, path_to(key));
    field = found->is_null() ? std::nullopt : std::optional(std::move(value));
  }

  // `word` in the place of a value leaves it open.
  template <typename T>
  void operator()(const char* key, std::optional<T>& field, const char* word) {
    known_.insert(key);
    const auto found = json_.find(key);
    if (found == json_.end()) return;
    if (found->is_string() && found->template get_ref<const std::string&>() == word) {
      field.reset();
      return;
    }
    T value{};
    read(*found, value, path_to(key));
    field = std::move(value);
  }

  void finish() const {
    for (const auto& item : json_.items()) {
      if (known_.contains(item.key())) continue;
      fail("{}: {}: unknown key", place_, path_to(excerpt(item.key())));
    }
  }

 private:
  std::string path_to(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
  }

  void read(const Json& json, bool& field, const std::string& path) const {
    if (!json.is_boolean()) fail("{}: {}: expected true or false", place_, path);
    field = json.get<bool>();
  }
  void read(const Json& json, int& field, const std::string& path) const {
    constexpr auto kMax = std::numeric_limits<int>::max();
    if (!json.is_number_integer() ||
        (json.is_number_unsigned() && json.get<std::uint64_t>() > kMax) ||
        json.get<std::int64_t>() < -kMax || json.get<std::int64_t>() > kMax) {
      fail("{}: {}: expected an integer", place_, path);
    }
    field = json.get<int>();
  }
  void read(const Json& json, double& field, const std::string& path) const {
    if (!json.is_number()) fail("{}: {}: expected a number", place_, path);
    field = json.get<double>();
  }
  void read(const Json& json, std::string& field, const std::string& path) const {
    if (!json.is_string()) fail("{}: {}: expected a string", place_, path);
    field = json.get<std::string>();
  }
  template <typename T>
  void read(const Json& json, std::vector<T>& field, const std::string& path) const {
    if (!json.is_array()) fail("{}: {}: expected an array", place_, path);
    field.assign(json.size(), T{});
    for (std::size_t i = 0; i < field.size(); ++i) {
      read(json[i], field[i], fmt::format("{}[{}]", path, i));
    }
  }
  template <typename T, std::size_t kCount>
  void read(const Json& json, std::array<T, kCount>& field, const std::string& path) const {
    if (!json.is_array() || json.size() != kCount) {
      fail("{}: {}: expected an array of {} numbers", place_, path, kCount);
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      read(json[i], field[i], fmt::format("{}[{}]", path, i));
    }
  }

  const Json& json_;
  std::string place_, path_;
  std::set<std::string> known_;
};

// For validate(): Errors "key: what".
inline void one_of(const char* key, const std::string& value,
            std::initializer_list<std::string_view> choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
  std::string list;
  for (const std::string_view choice : choices) list += fmt::format(" {}", choice);
  fail("{}: '{}' is not one of:{}", key, excerpt(value), list);
}

inline void within(const char* key, double value, double low, double high) {
  if (value >= low && value <= high) return;  // false for NaN
  fail("{}: {} is not within {} to {}", key, value, low, high);
}

class FieldWriter {
 public:
  template <typename Body>
  void group(const char* key, Body body) {
    FieldWriter inner;
    body(inner);
    json_[key] = std::move(inner.json_);
  }
  template <typename T>
  void operator()(const char* key, const T& field) {
    json_[key] = field;
  }
  template <typename T>
  void operator()(const char* key, const std::optional<T>& field) {
    json_[key] = field ? Json(*field) : Json();
  }
  template <typename T>
  void operator()(const char* key, const std::optional<T>& field, const char* word) {
    if (field) {
      json_[key] = *field;
    } else {
      json_[key] = word;
    }
  }
  Json take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

}  // namespace vremd
