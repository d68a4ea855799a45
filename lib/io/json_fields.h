// SPDX-License-Identifier: Apache-2.0
#pragma once

// A configuration struct <-> JSON from one description of its fields: a function template
//   template <typename Io> void describe(Io& io, Config& c) { io("key", c.field, {0, 1}); ... }
// is run with a FieldReader (fields of absent keys are unchanged; an unknown key or a wrong type is
// an Error "place: path.of.key: what" of io/json_node.h), with a FieldWriter (every field), and
// with a FieldChecker (the ranges).

#include "core/enum_names.h"
#include "core/error.h"
#include "io/json_node.h"

#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::io {

// Of a number, or of each number of a list.
struct Range {
  double low = -INFINITY, high = INFINITY;
};

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
  void operator()(const char* key, T& field, Range = {}) {
    if (const Json* found = find(key)) read(*found, key, field);
  }

  // `unset` (null, or a word) instead of a value resets the field.
  template <typename T>
  void operator()(const char* key, std::optional<T>& field, const Json& unset = nullptr,
                  Range = {}) {
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

// Error "path.of.key: 7 is not within 1 to 5".
class FieldChecker {
 public:
  explicit FieldChecker(std::string path = "") : path_(std::move(path)) {}

  void renamed(const char*, const char*) {}
  template <typename Body>
  void group(const char* key, Body body) {
    FieldChecker inner(path_ + key + ".");
    body(inner);
  }
  template <typename T>
  void operator()(const char* key, const T& field, Range range = {}) const {
    if constexpr (std::is_arithmetic_v<T>) {
      const auto value = static_cast<double>(field);
      if (value >= range.low && value <= range.high) return;  // false for NaN
      fail("{}{}: {} is not within {} to {}", path_, key, value, range.low, range.high);
    } else if constexpr (requires { field.begin(); }) {
      for (const auto& one : field) (*this)(key, one, range);
    }
  }
  template <typename T>
  void operator()(const char* key, const std::optional<T>& field, const Json& = nullptr,
                  Range range = {}) const {
    if (field) (*this)(key, *field, range);
  }

 private:
  std::string path_;
};

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
  void operator()(const char* key, const T& field, Range = {}) {
    if constexpr (NamedEnum<T>) {
      json_[key] = vremd::name_of(field);
    } else {
      json_[key] = field;
    }
  }
  template <typename T>
  void operator()(const char* key, const std::optional<T>& field, const Json& unset = nullptr,
                  Range = {}) {
    json_[key] = field ? Json(*field) : unset;
  }
  Json take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

}  // namespace vremd::io
