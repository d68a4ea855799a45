// SPDX-License-Identifier: Apache-2.0
#pragma once

// Strict access to large JSON files through simdjson, which reads them several times as fast as
// io/json.h. An Error names the file and the place in it: "a.json: images[3].id: not an integer".

#include "core/error.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace vremd::strict_dom {

namespace dom = simdjson::dom;

// The text of a whole file, parsed. `path` is its name for messages.
class Document {
 public:
  Document(std::string text, const std::string& path);
  dom::element root() const { return root_; }  // valid while the document lives

 private:
  dom::parser parser_;
  dom::element root_;
};

// A place in the file, spelled only where something is wrong there.
struct At {
  const At* up = nullptr;
  std::string_view key;
  std::size_t index = kNoIndex;

  static constexpr std::size_t kNoIndex = std::numeric_limits<std::size_t>::max();
  std::string text() const {
    if (!up) return std::string(key);  // the file
    std::string text = up->text();
    if (!key.empty()) text += fmt::format("{}{}", up->up ? "." : ": ", key);
    return index == kNoIndex ? text : text + fmt::format("[{}]", index);
  }
};

[[noreturn]] void wrong(const At& at, const char* what);

// The values of an object's known keys, in the order of `keys`; null counts as absent.
template <std::size_t kCount>
std::array<std::optional<dom::element>, kCount> fields(
    dom::element value, const std::array<std::string_view, kCount>& keys, const At& at) {
  dom::object object;
  if (value.get(object)) wrong(at, "not an object");
  std::array<std::optional<dom::element>, kCount> found;
  for (const auto [key, one] : object) {
    const auto known = std::find(keys.begin(), keys.end(), key);
    if (known == keys.end() || one.is_null()) continue;
    auto& slot = found[known - keys.begin()];
    if (slot) wrong({&at, *known}, "is there twice");
    slot = one;
  }
  return found;
}

dom::array list(dom::element value, const At& at);
dom::element require(const std::optional<dom::element>& value, const char* key, const At& at);
double number(dom::element value, const At& at);
std::int64_t integer(dom::element value, const At& at);  // also 3.0
std::string text(dom::element value, const At& at);
bool flag(dom::element value, const At& at);  // true, false, or a number

// Nothing: not there, or empty.
template <std::size_t kCount>
std::optional<std::array<double, kCount>> numbers(const std::optional<dom::element>& value,
                                                  const At& at) {
  if (!value) return std::nullopt;
  const dom::array array = list(*value, at);
  if (array.size() == 0) return std::nullopt;
  if (array.size() != kCount) fail("{}: not {} numbers", at.text(), kCount);
  std::array<double, kCount> result;
  std::size_t i = 0;
  for (const dom::element one : array) {
    result[i] = number(one, {&at, "", i});
    ++i;
  }
  return result;
}

}  // namespace vremd::strict_dom
