// SPDX-License-Identifier: Apache-2.0
#pragma once

// A configuration struct <-> JSON from one description of its fields: a function template
//   template <typename Io> void describe(Io& io, Config& c) { io("key", c.field); ... }
// is run with a FieldReader (fields of absent keys are unchanged; an unknown key or a wrong type is
// an Error "place: path.of.key: what" of io/json_node.h) and with a FieldWriter (every field).

#include "core/enum_names.h"
#include "core/error.h"
#include "io/json_node.h"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::io {

// Reads one JSON object; finish() rejects unknown keys.
class FieldReader {
 public:
  FieldReader(const Json& json, std::string place, std::string path)
      : json_(json), place_(std::move(place)), path_(std::move(path)) {
    if (!json_.is_object()) fail("{}: {}not an object", place_, path_.empty() ? "" : path_ + ": ");
  }

  template <typename Body>
  void group(const char* key, Body body) {
    const Json* found = find(key);
    if (!found) return;
    FieldReader inner(*found, place_, path_to(key));
    body(inner);
    inner.finish();
  }

  template <typename T>
  void operator()(const char* key, T& field) {
    if (const Json* found = find(key)) read(*found, key, field);
  }

  // `unset` (null, or a word) instead of a value resets the field.
  template <typename T>
  void operator()(const char* key, std::optional<T>& field, const Json& unset = nullptr) {
    const Json* found = find(key);
    if (!found) return;
    field.reset();
    if (*found != unset) read(*found, key, field.emplace());
  }

  // `old`: the name of `key` in earlier versions, still accepted.
  void renamed(const char* key, const char* old) {
    if (!json_.contains(old)) return;
    if (json_.contains(key)) fail("{}: {}: the same as {}", place_, path_to(old), path_to(key));
    old_names_[key] = old;
  }

  void finish() const {
    for (const auto& item : json_.items()) {
      if (known_.contains(item.key())) continue;
      fail("{}: {}: unknown key", place_, path_to(excerpt(item.key())));
    }
  }

 private:
  const Json* find(const char* key) {
    const auto old = old_names_.find(key);
    const std::string name = old == old_names_.end() ? key : old->second;
    known_.insert(name);
    const auto found = json_.find(name);
    return found == json_.end() ? nullptr : &*found;
  }

  std::string path_to(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
  }

  template <typename T>
  void read(const Json& json, const char* key, T& field) const {
    const JsonPlace file{place_};
    const std::string path = path_to(key);
    read(JsonNode(&json, {path, &file}), field);
  }

  static void read(const JsonNode& node, bool& field) { field = node.boolean(); }
  static void read(const JsonNode& node, int& field) { field = node.small_integer(); }
  static void read(const JsonNode& node, double& field) { field = node.number(); }
  static void read(const JsonNode& node, std::string& field) { field = node.string(); }
  template <NamedEnum T>
  static void read(const JsonNode& node, T& field) {
    field = enum_value<T>(node.string(), node.place().text());
  }
  template <typename T>
  static void read(const JsonNode& node, std::vector<T>& field) {
    field.clear();
    for (const JsonNode one : node.array()) read(one, field.emplace_back());
  }
  template <typename T, std::size_t kCount>
  static void read(const JsonNode& node, std::array<T, kCount>& field) {
    if (!node.is_array() || node.array().size() != kCount) {
      node.wrong(fmt::format("not an array of {} numbers", kCount));
    }
    std::size_t i = 0;
    for (const JsonNode one : node.array()) read(one, field[i++]);
  }

  const Json& json_;
  std::string place_, path_;
  std::set<std::string> known_;
  std::map<std::string, std::string> old_names_;
};

// For validate(): Errors "key: what".
inline void within(const char* key, double value, double low, double high) {
  if (value >= low && value <= high) return;  // false for NaN
  fail("{}: {} is not within {} to {}", key, value, low, high);
}

class FieldWriter {
 public:
  void renamed(const char*, const char*) {}
  template <typename Body>
  void group(const char* key, Body body) {
    FieldWriter inner;
    body(inner);
    json_[key] = std::move(inner.json_);
  }
  template <typename T>
  void operator()(const char* key, const T& field) {
    if constexpr (NamedEnum<T>) {
      json_[key] = vremd::name_of(field);
    } else {
      json_[key] = field;
    }
  }
  template <typename T>
  void operator()(const char* key, const std::optional<T>& field, const Json& unset = nullptr) {
    json_[key] = field ? Json(*field) : unset;
  }
  Json take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

}  // namespace vremd::io
