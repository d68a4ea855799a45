// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::importer {

// One value that a pickle describes. Only data: what Python would import, call or fill with state
// stays a name and the arguments that stood beside it.
struct PickleValue {
  enum class Kind {
    kNone,
    kBool,
    kInt,
    kFloat,
    kString,  // text is UTF-8
    kBytes,   // text; also whole numbers beyond 64 bits, little endian
    kList,
    kTuple,
    kSet,
    kDict,        // items: key, value, key, value ... as they came; collections.OrderedDict, too
    kGlobal,      // text is "module.name"
    kObject,      // what the call of the global `text` would give; items[0]: its arguments
    kPersistent,  // items[0]: the id by which a storage is found
  };
  using Items = std::vector<const PickleValue*>;

  Kind kind = Kind::kNone;
  std::int64_t integer = 0;  // kBool, kInt
  double number = 0;         // kFloat
  std::string text;
  Items items;

  const PickleValue* find(std::string_view key) const;  // in a dict; null: not there, no dict
  std::string describe() const;                         // for messages: "a list", "torch.dtype"
};

// One pickle, read by a machine that can call nothing: of the opcodes of protocols 2 to 5 those
// that put data on the stack, and the four that name, call or fill objects, which make inert
// values (PickleValue). An Error, "place: byte N: what", at anything else. Lists and dicts may
// contain themselves.
class Pickle {
 public:
  // Starts at bytes[0]; what comes after its end is not looked at.
  Pickle(std::span<const std::byte> bytes, const std::string& place);

  const PickleValue& value() const { return *value_; }
  std::size_t size() const { return size_; }                         // the bytes that it takes
  const std::deque<PickleValue>& values() const { return values_; }  // in the order of their birth

 private:
  friend class PickleMachine;
  std::deque<PickleValue> values_;
  const PickleValue* value_ = nullptr;
  std::size_t size_ = 0;
};

// Limits: no checkpoint of a network comes near.
constexpr std::size_t kMaxPickleBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxPickleValues = std::size_t{4} << 20;

}  // namespace vremd::importer
