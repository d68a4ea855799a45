// SPDX-License-Identifier: Apache-2.0
#pragma once

// Strict reading of JSON that comes from outside: a value together with its place, over nlohmann's
// values (JsonNode) or simdjson's (DomNode in io/json_dom.h).
//
//   const JsonNode root(&json, {path});
//   const auto [id, bbox] = root.fields({"id", "bbox"});
//   person.id = id.integer();      // Error "a.json: no id", "a.json: id: not an integer"
//   person.box = bbox.box();       // nothing if absent; "a.json: bbox: not an array of 4 numbers"
//
// A key with the value null counts as absent. A node refers to its parent for its place: the parent
// must outlive it.

#include "core/error.h"
#include "core/geometry.h"
#include "io/json.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vremd::io {

// A place in a file, formatted on demand: "a.json: annotations[3].bbox".
struct JsonPlace {
  std::string_view key;  // of the outermost: the file, or file:line
  const JsonPlace* outer = nullptr;
  std::size_t index = kNoIndex;

  static constexpr std::size_t kNoIndex = std::numeric_limits<std::size_t>::max();
  std::string text() const;
  std::string path() const;  // without the file
};

// Access to values: is_null, is_string, is_number, is_array, is_object, get (false: wrong type),
// is_beyond_int64, elements (a range), element (of its iterator), and for_each_member.
template <typename Value>
struct JsonBackend;

template <typename Value>
class BasicJsonNode {
 public:
  using Backend = JsonBackend<Value>;

  BasicJsonNode() = default;  // absent
  BasicJsonNode(std::optional<Value> value, const JsonPlace& place)
      : value_(std::move(value)), place_(place) {}

  explicit operator bool() const { return value_.has_value(); }
  const Value& value() const { return *required().value_; }
  const JsonPlace& place() const { return place_; }
  [[noreturn]] void wrong(std::string_view what) const { fail("{}: {}", place_.text(), what); }

  const BasicJsonNode& required() const {
    if (!value_) fail("{}: no {}", place_.outer->text(), excerpt(place_.key));
    return *this;
  }

  bool is_null() const { return value_ && Backend::is_null(*value_); }  // an element of an array
  bool is_string() const { return value_ && Backend::is_string(*value_); }
  bool is_number() const { return value_ && Backend::is_number(*value_); }
  bool is_array() const { return value_ && Backend::is_array(*value_); }
  bool is_object() const { return value_ && Backend::is_object(*value_); }

  double number() const {
    double result = 0;
    if (!Backend::get(value(), result)) wrong("not a number");
    return result;
  }
  double number(double otherwise) const { return value_ ? number() : otherwise; }
  std::optional<double> optional_number() const {
    return value_ ? std::optional(number()) : std::nullopt;
  }

  // Also 3.0.
  std::int64_t integer() const {
    constexpr double kExact = 9007199254740992;  // 2^53
    std::int64_t result = 0;
    double real = 0;
    if (Backend::is_beyond_int64(value())) wrong("too large");
    if (Backend::get(*value_, result)) return result;
    if (!Backend::get(*value_, real) || real != std::floor(real) || std::abs(real) > kExact) {
      wrong("not an integer");
    }
    return static_cast<std::int64_t>(real);
  }
  std::optional<std::int64_t> optional_integer() const {
    return value_ ? std::optional(integer()) : std::nullopt;
  }
  int small_integer() const {
    const std::int64_t result = integer();
    if (result != static_cast<int>(result)) wrong("too large");
    return static_cast<int>(result);
  }

  bool boolean() const {
    bool result = false;
    if (!Backend::get(value(), result)) wrong("not true or false");
    return result;
  }
  // A boolean, or a number other than 0.
  bool flag() const {
    double number = 0;
    return Backend::get(value(), number) ? number != 0 : boolean();
  }
  bool flag(bool otherwise) const { return value_ ? flag() : otherwise; }

  std::string string() const {
    std::string_view result;
    if (!Backend::get(value(), result)) wrong("not a string");
    return std::string(result);
  }
  std::optional<std::string> optional_string() const {
    return value_ ? std::optional(string()) : std::nullopt;
  }

  // The elements of an array, as nodes. If absent, array() is an Error, optional_array() empty.
  class Elements;
  Elements array() const& {
    if (!Backend::is_array(value())) wrong("not an array");
    return Elements(*this);
  }
  Elements optional_array() const& { return value_ ? array() : Elements(); }
  void array() const&& = delete;
  void optional_array() const&& = delete;

  std::vector<std::string> strings() const {
    std::vector<std::string> result;
    for (const BasicJsonNode one : array()) result.push_back(one.string());
    return result;
  }

  std::vector<double> numbers() const {
    std::vector<double> result;
    const Elements elements = array();
    result.reserve(elements.size());
    for (const BasicJsonNode one : elements) result.push_back(one.number());
    return result;
  }
  // An array of `kCount` values, each the result of read(element); `what` names them.
  template <std::size_t kCount, typename Read>
  auto array_of(Read read, std::string_view what = "numbers") const {
    const Elements elements = array();
    if (elements.size() != kCount) wrong(fmt::format("not an array of {} {}", kCount, what));
    std::array<std::invoke_result_t<Read, const BasicJsonNode&>, kCount> result;
    std::size_t i = 0;
    for (const BasicJsonNode one : elements) result[i++] = read(one);
    return result;
  }
  // Nothing: absent, or empty.
  template <std::size_t kCount>
  std::optional<std::array<double, kCount>> numbers() const {
    if (optional_array().size() == 0) return std::nullopt;
    return array_of<kCount>([](const BasicJsonNode& one) { return one.number(); });
  }
  // [x, y, w, h]. Nothing: absent, or empty.
  std::optional<Box> box() const {
    const auto b = numbers<4>();
    return b ? std::optional(Box{(*b)[0], (*b)[1], (*b)[2], (*b)[3]}) : std::nullopt;
  }

  // The values of an object's keys, in the order of `keys`.
  template <std::size_t kCount>
  std::array<BasicJsonNode, kCount> fields(const std::string_view (&keys)[kCount]) const& {
    return fields(keys, [](std::string_view, const Value&) {});
  }
  // Calls take_other(key, value) for all other members.
  template <std::size_t kCount, typename TakeOther>
  std::array<BasicJsonNode, kCount> fields(const std::string_view (&keys)[kCount],
                                           TakeOther take_other) const& {
    if (!Backend::is_object(value())) wrong("not an object");
    std::array<BasicJsonNode, kCount> found;
    for (std::size_t i = 0; i < kCount; ++i) found[i].place_ = {keys[i], &place_};
    Backend::for_each_member(*value_, [&](std::string_view key, const Value& one) {
      std::size_t i = 0;
      while (i < kCount && keys[i] != key) ++i;
      if (i == kCount) return take_other(key, one);
      if (Backend::is_null(one)) return;
      if (found[i].value_) found[i].wrong("duplicate key");
      found[i].value_ = one;
    });
    return found;
  }
  template <std::size_t kCount>
  void fields(const std::string_view (&keys)[kCount]) const&& = delete;

  // take(key, node) for each member of an object.
  template <typename Take>
  void for_each_member(Take take) const& {
    if (!Backend::is_object(value())) wrong("not an object");
    Backend::for_each_member(*value_, [&](std::string_view key, const Value& one) {
      take(key, BasicJsonNode(one, {key, &place_}));
    });
  }
  template <typename Take>
  void for_each_member(Take take) const&& = delete;

  BasicJsonNode field(std::string_view key) const& { return fields({key})[0]; }
  void field(std::string_view key) const&& = delete;

 private:
  std::optional<Value> value_;
  JsonPlace place_;
};

template <typename Value>
class BasicJsonNode<Value>::Elements {
  using Range = typename Backend::Elements;
  using RangeIterator = decltype(std::declval<const Range&>().begin());

 public:
  class Iterator {
   public:
    Iterator(std::optional<RangeIterator> at, const JsonPlace* array) : at_(at), array_(array) {}
    BasicJsonNode operator*() const { return {Backend::element(**at_), {"", array_, index_}}; }
    Iterator& operator++() {
      ++*at_;
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    std::optional<RangeIterator> at_;
    const JsonPlace* array_;
    std::size_t index_ = 0;
  };

  Elements() = default;
  explicit Elements(const BasicJsonNode& array)
      : range_(Backend::elements(*array.value_)), array_(&array.place_) {}

  std::size_t size() const { return range_ ? range_->size() : 0; }
  Iterator begin() const {
    return {range_ ? std::optional(range_->begin()) : std::nullopt, array_};
  }
  Iterator end() const { return {range_ ? std::optional(range_->end()) : std::nullopt, array_}; }

 private:
  std::optional<Range> range_;  // nothing: empty
  const JsonPlace* array_ = nullptr;
};

// nlohmann's values, by address.
template <>
struct JsonBackend<const Json*> {
  using Elements = std::span<const Json>;

  static bool is_null(const Json* json) { return json->is_null(); }
  static bool is_string(const Json* json) { return json->is_string(); }
  static bool is_number(const Json* json) { return json->is_number(); }
  static bool is_array(const Json* json) { return json->is_array(); }
  static bool is_object(const Json* json) { return json->is_object(); }
  static bool is_beyond_int64(const Json* json);
  static bool get(const Json* json, bool& result);
  static bool get(const Json* json, double& result);
  static bool get(const Json* json, std::int64_t& result);  // not 3.0
  static bool get(const Json* json, std::string_view& result);
  static Elements elements(const Json* json) { return json->get_ref<const Json::array_t&>(); }
  static const Json* element(const Json& json) { return &json; }
  template <typename Take>
  static void for_each_member(const Json* json, Take take) {
    for (const auto& [key, value] : json->get_ref<const Json::object_t&>()) take(key, &value);
  }
};

using JsonNode = BasicJsonNode<const Json*>;

}  // namespace vremd::io
