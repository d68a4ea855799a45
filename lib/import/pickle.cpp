// SPDX-License-Identifier: Apache-2.0
#include "import/pickle.h"

#include "core/error.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

namespace vremd::importer {
namespace {

using Kind = PickleValue::Kind;

// Supported opcodes, named as in Python's pickle module.
enum Opcode : unsigned char {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kDict = 'd',
  kEmptyDict = '}',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kList = 'l',
  kEmptyTuple = ')',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kFrozenSet = 0x91,
  kNewObjEx = 0x92,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

constexpr const char* kOrderedDict = "collections.OrderedDict";

}  // namespace

class PickleMachine {
 public:
  PickleMachine(Pickle& pickle, std::span<const std::byte> bytes, const std::string& place)
      : pickle_(pickle),
        bytes_(bytes.first(std::min(bytes.size(), kMaxPickleBytes))),
        cut_(bytes_.size() < bytes.size()),
        place_(place) {}

  void run() {
    for (;;) {
      start_ = at_;
      const auto opcode = static_cast<Opcode>(number<std::uint8_t>());
      if (opcode == kStop) break;
      step(opcode);
      if (pickle_.values_.size() > kMaxPickleValues) wrong("too many values");
    }
    pickle_.value_ = pop();
    pickle_.size_ = at_;
  }

 private:
  using Stack = std::vector<PickleValue*>;

  [[noreturn]] void wrong(const std::string& what) const {
    fail("{}: byte {} of the pickle: {}", place_, start_, what);
  }

  // ---- bytes ---------------------------------------------------------------------------------

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_) {
      wrong(cut_ ? "too long" : "ends here (truncated?)");
    }
    const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + at_;
    at_ += count;
    return {begin, static_cast<std::size_t>(count)};
  }

  template <typename T>
  T number() {  // little endian
    const std::string_view raw = take(sizeof(T));
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  double big_endian_double() {
    std::uint64_t bits = 0;
    for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
    return std::bit_cast<double>(bits);
  }

  std::string_view line() {
    const std::string_view rest = {reinterpret_cast<const char*>(bytes_.data()) + at_,
                                   bytes_.size() - at_};
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) wrong("a name without an end");
    return take(end + 1).substr(0, end);
  }

  // ---- stack ---------------------------------------------------------------------------------

  PickleValue& push(Kind kind) {
    PickleValue& value = pickle_.values_.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return value;
  }

  void push_text(Kind kind, std::string_view text) { push(kind).text = text; }
  void push_int(std::int64_t value) { push(Kind::kInt).integer = value; }

  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  PickleValue& top() const {
    if (stack_.size() <= floor()) wrong("nothing on the stack");
    return *stack_.back();
  }

  PickleValue* pop() {
    PickleValue* value = &top();
    stack_.pop_back();
    return value;
  }

  Stack pop_mark() {
    if (marks_.empty()) wrong("no mark on the stack");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    Stack items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }

  void push_tuple(std::size_t count) {
    if (stack_.size() - floor() < count) wrong("nothing on the stack");
    const PickleValue::Items items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    push(Kind::kTuple).items = items;
  }

  void push_items(Kind kind) {
    const Stack items = pop_mark();
    push(kind).items.assign(items.begin(), items.end());
  }

  // ---- opcodes -------------------------------------------------------------------------------

  void append(const Stack& items) {
    PickleValue& into = top();
    if (into.kind == Kind::kObject) return;  // of an unknown class: stays inert
    if (into.kind != Kind::kList && into.kind != Kind::kSet) {
      wrong("items for " + into.describe());
    }
    into.items.insert(into.items.end(), items.begin(), items.end());
  }

  void set_items(const Stack& items) {
    PickleValue& into = top();
    if (items.size() % 2 != 0) wrong("a key without a value");
    if (into.kind == Kind::kObject) return;
    if (into.kind != Kind::kDict) wrong("keys for " + into.describe());
    into.items.insert(into.items.end(), items.begin(), items.end());
  }

  void push_global(std::string_view module, std::string_view name) {
    const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
    if (module.empty() || name.empty() || module.size() + name.size() > 500 ||
        !std::all_of(module.begin(), module.end(), plain) ||
        !std::all_of(name.begin(), name.end(), plain)) {
      wrong("a global without a proper name");
    }
    push_text(Kind::kGlobal, std::string(module) + "." + std::string(name));
  }

  // The inert result of calling `callable` with `arguments`.
  void push_result(const PickleValue& callable, const PickleValue& arguments) {
    if (callable.text == kOrderedDict && callable.kind == Kind::kGlobal &&
        (arguments.items.empty() || is_pairs(arguments))) {
      PickleValue& dict = push(Kind::kDict);
      if (!arguments.items.empty()) {
        for (const PickleValue* pair : arguments.items[0]->items) {
          dict.items.insert(dict.items.end(), pair->items.begin(), pair->items.end());
        }
      }
      return;
    }
    PickleValue& object = push(Kind::kObject);
    object.text = callable.text.empty() ? callable.describe() : callable.text;
    object.items = {&arguments};
  }

  // ([[key, value], ...],): how Python 2 wrote an OrderedDict.
  bool is_pairs(const PickleValue& arguments) {
    if (arguments.items.size() != 1 || arguments.items[0]->kind != Kind::kList) return false;
    const PickleValue::Items& pairs = arguments.items[0]->items;
    copied_ += pairs.size();  // a list may be the argument of many calls
    if (copied_ > kMaxPickleValues) wrong("too many values");
    return std::ranges::all_of(pairs,
                               [](const PickleValue* pair) { return pair->items.size() == 2; });
  }

  void call() {
    const PickleValue* arguments = pop();
    const PickleValue* callable = pop();
    if (arguments->kind != Kind::kTuple) wrong("a call without a tuple of arguments");
    if (callable->kind != Kind::kGlobal && callable->kind != Kind::kObject) {
      wrong("a call of " + callable->describe());
    }
    push_result(*callable, *arguments);
  }

  void push_long(std::uint64_t size) {
    const std::string_view raw = take(size);
    if (size > 8) return push_text(Kind::kBytes, raw);
    std::uint64_t bits = !raw.empty() && (raw.back() & 0x80) ? ~std::uint64_t{0} : 0;
    std::memcpy(&bits, raw.data(), raw.size());
    push_int(static_cast<std::int64_t>(bits));
  }

  void put(std::uint32_t index) { memo_[index] = &top(); }

  void get(std::uint32_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) wrong(fmt::format("no memo {}", index));
    stack_.push_back(found->second);
  }

  void step(Opcode opcode) {
    switch (opcode) {
      case kProto:
        if (const auto version = number<std::uint8_t>(); version < 2 || version > 5) {
          wrong(fmt::format("protocol {}, not one of 2 to 5", version));
        }
        return;
      case kFrame: number<std::uint64_t>(); return;
      case kMark: marks_.push_back(stack_.size()); return;
      case kPop:  // pops the mark if it is on top
        if (!marks_.empty() && stack_.size() == marks_.back())
          marks_.pop_back();
        else
          pop();
        return;
      case kPopMark: pop_mark(); return;

      case kNone: push(Kind::kNone); return;
      case kNewTrue: push(Kind::kBool).integer = 1; return;
      case kNewFalse: push(Kind::kBool); return;
      case kBinInt: push_int(number<std::int32_t>()); return;
      case kBinInt1: push_int(number<std::uint8_t>()); return;
      case kBinInt2: push_int(number<std::uint16_t>()); return;
      case kLong1: push_long(number<std::uint8_t>()); return;
      case kLong4: push_long(number<std::uint32_t>()); return;
      case kBinFloat: push(Kind::kFloat).number = big_endian_double(); return;
      case kShortBinString: push_text(Kind::kString, take(number<std::uint8_t>())); return;
      case kBinString: push_text(Kind::kString, take(number<std::uint32_t>())); return;
      case kShortBinUnicode: push_text(Kind::kString, take(number<std::uint8_t>())); return;
      case kBinUnicode: push_text(Kind::kString, take(number<std::uint32_t>())); return;
      case kBinUnicode8: push_text(Kind::kString, take(number<std::uint64_t>())); return;
      case kShortBinBytes: push_text(Kind::kBytes, take(number<std::uint8_t>())); return;
      case kBinBytes: push_text(Kind::kBytes, take(number<std::uint32_t>())); return;
      case kBinBytes8: push_text(Kind::kBytes, take(number<std::uint64_t>())); return;

      case kEmptyTuple: push(Kind::kTuple); return;
      case kTuple1: push_tuple(1); return;
      case kTuple2: push_tuple(2); return;
      case kTuple3: push_tuple(3); return;
      case kTuple: push_items(Kind::kTuple); return;
      case kEmptyList: push(Kind::kList); return;
      case kList: push_items(Kind::kList); return;
      case kEmptySet: push(Kind::kSet); return;
      case kFrozenSet: push_items(Kind::kSet); return;
      case kEmptyDict: push(Kind::kDict); return;
      case kDict: {
        const Stack items = pop_mark();
        push(Kind::kDict);
        return set_items(items);
      }
      case kAppend: return append({pop()});
      case kAppends:
      case kAddItems: return append(pop_mark());
      case kSetItem: {
        PickleValue* value = pop();
        return set_items({pop(), value});
      }
      case kSetItems: return set_items(pop_mark());

      case kBinPut: put(number<std::uint8_t>()); return;
      case kLongBinPut: put(number<std::uint32_t>()); return;
      case kMemoize: put(static_cast<std::uint32_t>(memo_.size())); return;
      case kBinGet: get(number<std::uint8_t>()); return;
      case kLongBinGet: get(number<std::uint32_t>()); return;

      case kBinPersId: {
        const PickleValue* id = pop();
        push(Kind::kPersistent).items = {id};
        return;
      }
      case kGlobal: {
        const std::string_view module = line();
        return push_global(module, line());
      }
      case kStackGlobal: {
        const PickleValue* name = pop();
        const PickleValue* module = pop();
        if (module->kind != Kind::kString || name->kind != Kind::kString) {
          wrong("a global whose name is not a string");
        }
        return push_global(module->text, name->text);
      }
      case kReduce:
      case kNewObj: return call();
      case kNewObjEx: pop(); return call();  // arguments by name are dropped
      case kBuild: {                         // state of an object: dropped
        pop();
        const Kind kind = top().kind;
        if (kind != Kind::kObject && kind != Kind::kDict) wrong("state for " + top().describe());
        return;
      }
      case kStop: break;
    }
    wrong(fmt::format("unsupported opcode 0x{:02x}", static_cast<unsigned>(opcode)));
  }

  Pickle& pickle_;
  std::span<const std::byte> bytes_;
  bool cut_;
  const std::string& place_;
  std::size_t at_ = 0, start_ = 0, copied_ = 0;
  Stack stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleValue*> memo_;
};

const PickleValue* PickleValue::find(std::string_view key) const {
  if (kind != Kind::kDict) return nullptr;
  const PickleValue* found = nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i]->kind == Kind::kString && items[i]->text == key) found = items[i + 1];
  }
  return found;  // the last one, as in Python
}

std::string PickleValue::describe() const {
  switch (kind) {
    case Kind::kNone: return "None";
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kFloat: return "a number";
    case Kind::kString: return "a string";
    case Kind::kBytes: return "bytes";
    case Kind::kList: return "a list";
    case Kind::kTuple: return "a tuple";
    case Kind::kSet: return "a set";
    case Kind::kDict: return "a dict";
    case Kind::kGlobal:
    case Kind::kObject: return text;
    case Kind::kPersistent: return "a storage";
  }
  return "";
}

Pickle::Pickle(std::span<const std::byte> bytes, const std::string& place) {
  PickleMachine(*this, bytes, place).run();
}

}  // namespace vremd::importer
