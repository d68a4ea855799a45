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
  explicit FieldReader(const JsonNode& object) : object_(object) {
    if (!object_.is_object()) object_.wrong("not an object");
  }

  template <typename Body>
  void group(const char* key, Body body) {
    const JsonNode found = find(key);
    if (!found) return;
    FieldReader inner(found);
    body(inner);
    inner.finish();
  }

  template <typename T>
  void operator()(const char* key, T& field, Range = {}) {
    if (const JsonNode found = find(key)) read(found, field);
  }

  // `unset` (null, or a word) instead of a value resets the field.
  template <typename T>
  void operator()(const char* key, std::optional<T>& field, const Json& unset = nullptr,
                  Range = {}) {
    const JsonNode found = find(key);
    if (!found) return;
    field.reset();
    if (*found.value() != unset) read(found, field.emplace());
  }

  // `old`: the name of `key` in earlier versions, still accepted.
  void renamed(const char* key, const char* old) {
    const JsonNode earlier = node(old);
    if (!earlier) return;
    if (const JsonNode now = node(key)) earlier.wrong("the same as " + now.place().path());
    old_names_[key] = old;
  }

  void finish() const {
    object_.for_each_member([&](std::string_view key, const JsonNode& member) {
      if (!known_.contains(key)) member.wrong("unknown key");
    });
  }

 private:
  JsonNode node(std::string_view key) const {
    const auto found = object_.value()->find(key);
    const bool absent = found == object_.value()->end();
    return {absent ? std::nullopt : std::optional(&*found), {key, &object_.place()}};
  }

  JsonNode find(std::string_view key) {
    const auto old = old_names_.find(key);
    return node(*known_.insert(old == old_names_.end() ? key : old->second).first);
  }

  static void read(const JsonNode& node, bool& field) { field = node.boolean(); }
  static void read(const JsonNode& node, int& field) { field = node.small_integer(); }
  static void read(const JsonNode& node, std::int64_t& field) { field = node.integer(); }
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
    field = node.array_of<kCount>([](const JsonNode& one) {
      T value{};
      read(one, value);
      return value;
    });
  }

  JsonNode object_;
  std::set<std::string_view> known_;
  std::map<std::string_view, std::string_view> old_names_;
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
