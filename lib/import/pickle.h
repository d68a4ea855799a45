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

// A value of a pickle. Pure data: globals, calls and object states are kept as names and arguments.
struct PickleValue {
  enum class Kind {
    kNone,
    kBool,
    kInt,
    kFloat,
    kString,  // text is UTF-8
    kBytes,   // text; also integers beyond 64 bits, little endian
    kList,
    kTuple,
    kSet,
    kDict,        // items: key, value, key, value ... in file order; also collections.OrderedDict
    kGlobal,      // text is "module.name"
    kObject,      // result of calling the global `text`; items[0]: its arguments
    kPersistent,  // items[0]: id of a storage
  };
  using Items = std::vector<const PickleValue*>;

  Kind kind = Kind::kNone;
  std::int64_t integer = 0;  // kBool, kInt
  double number = 0;         // kFloat
  std::string text;
  Items items;

  const PickleValue* find(std::string_view key) const;  // in a dict; null if absent or not a dict
  std::string describe() const;                         // for messages: "a list", "torch.dtype"
};

// A pickle, read by a machine that cannot call anything. Supports the opcodes of protocols 2 to 5
// that push data, and the four that name, call or fill objects, which yield inert PickleValues.
// Error "place: byte N of the pickle: what" for anything else. Lists and dicts may contain
// themselves.
class Pickle {
 public:
  // Starts at bytes[0]; bytes after its end are ignored.
  Pickle(std::span<const std::byte> bytes, const std::string& place);

  const PickleValue& value() const { return *value_; }
  std::size_t size() const { return size_; }                         // in bytes
  const std::deque<PickleValue>& values() const { return values_; }  // in order of creation

 private:
  friend class PickleMachine;
  std::deque<PickleValue> values_;
  const PickleValue* value_ = nullptr;
  std::size_t size_ = 0;
};

// Limits, far beyond those of checkpoints.
constexpr std::size_t kMaxPickleBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxPickleValues = std::size_t{4} << 20;

}  // namespace vremd::importer
