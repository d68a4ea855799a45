// SPDX-License-Identifier: Apache-2.0
#include "import/pickle.h"

#include "core/error.h"
#include "make_pth.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::importer;
using namespace vremd::make_pth;
using Catch::Matchers::ContainsSubstring;
using Kind = PickleValue::Kind;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// A pickle of the given opcodes.
struct Read {
  std::string bytes;
  Pickle pickle;
  explicit Read(const std::string& opcodes) : bytes(opcodes), pickle(bytes_of(bytes), "x.pth") {}
  const PickleValue* operator->() const { return &pickle.value(); }
};

std::string of(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

}  // namespace

TEST_CASE("pickle: all kinds of data") {
  CHECK(Read("N.")->kind == Kind::kNone);
  CHECK(Read(of({0x88, '.'}))->integer == 1);
  CHECK(Read(of({0x89, '.'}))->kind == Kind::kBool);
  CHECK(Read(of({'J', 0xfe, 0xff, 0xff, 0xff, '.'}))->integer == -2);
  CHECK(Read(of({'K', 0xff, '.'}))->integer == 255);
  CHECK(Read(of({'M', 0x34, 0x12, '.'}))->integer == 0x1234);
  CHECK(Read(of({0x8a, 0, '.'}))->integer == 0);
  CHECK(Read(of({0x8a, 2, 0x00, 0xff, '.'}))->integer == -256);
  CHECK(Read(of({0x8a, 8, 1, 0, 0, 0, 0, 0, 0, 0x80, '.'}))->integer == INT64_MIN + 1);
  CHECK(Read(of({0x8b, 1, 0, 0, 0, 5, '.'}))->integer == 5);
  CHECK(Read(of({0x8a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, '.'}))->kind == Kind::kBytes);
  CHECK(Read(of({'G', 0xbf, 0xf8, 0, 0, 0, 0, 0, 0, '.'}))->number == -1.5);
  CHECK(Read("U\x02hi.")->text == "hi");
  CHECK(Read(text("hello") + ".")->text == "hello");
  CHECK(Read(of({0x8c, 1, 'a', '.'}))->kind == Kind::kString);
  CHECK(Read(of({'C', 1, 'a', '.'}))->kind == Kind::kBytes);
  CHECK(Read(of({0x8d, 1, 0, 0, 0, 0, 0, 0, 0, 'b', '.'}))->text == "b");

  CHECK(Read("].")->kind == Kind::kList);
  CHECK(Read("](K\x01K\x02"
             "e.")
            ->items.size() == 2);
  CHECK(Read("]K\x01"
             "a.")
            ->items.size() == 1);
  CHECK(Read("(K\x01l.")->items.size() == 1);
  CHECK(Read(").")->kind == Kind::kTuple);
  CHECK(Read("NNN\x87.")->items.size() == 3);
  CHECK(Read("N(NN\x85t.")->items.size() == 2);
  CHECK(Read("\x8f(NNN\x90.")->items.size() == 3);
  const Read dictionary("}(" + text("a") + "K\x01" + text("b") + "K\x02" + text("a") + "K\x03u.");
  CHECK(dictionary->find("a")->integer == 3);
  CHECK(dictionary->find("b")->integer == 2);
  CHECK(dictionary->find("c") == nullptr);
  CHECK(Read("}" + text("a") + "K\x01s.")->find("a")->integer == 1);
  CHECK(Read("(" + text("a") +
             "K\x01"
             "d.")
            ->find("a")
            ->integer == 1);
}

TEST_CASE("pickle: memo") {
  const Read twice("](" + text("a") + "q\x05h\x05r\x07" + std::string(3, '\0') + "j\x07" +
                   std::string(3, '\0') + "e.");
  REQUIRE(twice->items.size() == 3);
  CHECK(twice->items[0] == twice->items[2]);
  const Read memoized(of({']', 0x94, 0x8c, 1, 'x', 0x94, 'a', 'h', 1, 0x86, '.'}));
  CHECK(memoized->items[1]->text == "x");
  const Read itself(
      "]q\x01h\x01"
      "a.");  // a list that contains itself
  CHECK(itself->items[0] == &itself.pickle.value());
}

TEST_CASE("pickle: objects are inert names and arguments") {
  const Read system(call(global("posix", "system"), "U\x08touch /x\x85") + ".");
  CHECK(system->kind == Kind::kObject);
  CHECK(system->text == "posix.system");
  CHECK(system->items[0]->items[0]->text == "touch /x");
  CHECK(Read(global("os", "system") + ".")->kind == Kind::kGlobal);
  CHECK(Read(text("os") + text("system") + "\x93.")->text == "os.system");
  // NEWOBJ, NEWOBJ_EX, BUILD, items and keys of unknown classes
  CHECK(Read(global("a", "B") + ")\x81}b.")->text == "a.B");
  CHECK(Read(global("a", "B") + ")}\x92.")->text == "a.B");
  CHECK(Read(global("a", "B") + ")\x81(NN"
                                "e.")
            ->text == "a.B");
  CHECK(Read(global("a", "B") + ")\x81(NNu.")->text == "a.B");
  // call of the result of a call
  CHECK(Read(call(call(global("builtins", "getattr"), "NN\x86"), ")") + ".")->text ==
        "builtins.getattr");
  // an OrderedDict is a dict, created empty or from pairs; its attributes are dropped
  const std::string ordered = global("collections", "OrderedDict");
  CHECK(Read(ordered + ")R" + text("a") + "K\x01s}b.")->find("a")->integer == 1);
  CHECK(Read(ordered + "](](" + text("a") +
             "K\x01"
             "ee\x85R.")
            ->find("a")
            ->integer == 1);
  CHECK(Read(ordered + "K\x01\x85R.")->kind == Kind::kObject);
  CHECK(Read("K\x07Q.")->kind == Kind::kPersistent);
}

TEST_CASE("pickle: trailing bytes are ignored") {
  const Read read("K\x01.rubbish");
  CHECK(read.pickle.size() == 3);
}

TEST_CASE("pickle: errors name the position") {
  const auto fails = [](const std::string& opcodes, const std::string& what) {
    CAPTURE(opcodes);
    CHECK_THROWS_WITH(Read(opcodes), ContainsSubstring(what));
  };
  fails("", "byte 0 of the pickle: ends here");
  fails("K", "ends here");
  fails(
      "X\xff\xff\xff\xff"
      "abc",
      "ends here");
  fails(of({0x8d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "ends here");
  fails("cos\nsystem", "a name without an end");
  fails("c\nsystem\n.", "without a proper name");
  fails("cos\nsys\x1b[2Jtem\n.", "without a proper name");
  fails("c" + std::string(600, 'a') + "\nb\n.", "without a proper name");
  fails("NN\x93.", "a global whose name is not a string");
  fails(".", "nothing on the stack");
  fails("(.", "nothing on the stack");
  fails("N(.", "nothing on the stack");
  fails("0.", "nothing on the stack");
  fails("N(\x85.", "nothing on the stack");
  fails("t.", "no mark on the stack");
  fails("]NNe.", "no mark on the stack");
  fails("}(Nu.", "a key without a value");
  fails("N(NNe.", "items for None");
  fails("K\x01(NNu.", "keys for a number");
  fails("](NNu.", "keys for a list");
  fails("N)R.", "a call of None");
  fails("cos\nsystem\nNR.", "a call without a tuple");
  fails("N}b.", "state for None");
  fails("h\x03.", "no memo 3");
  fails("q\x01.", "nothing on the stack");
  fails("\x80\x06N.", "protocol 6");
  fails("\x80\x01N.", "protocol 1");
  for (const char opcode : std::string("ISLVFgpPio2\x82\x83\x84\x96\x97\x98\xff")) {
    fails(std::string("NN") + opcode + "1\n.", "unsupported opcode");
  }
  fails("NNNI1\n.", "byte 3 of the pickle: unsupported opcode 0x49");
}

TEST_CASE("pickle: limits") {
  CHECK_THROWS_WITH(Read(std::string(kMaxPickleValues + 1, 'N') + "."),
                    ContainsSubstring("too many values"));
  // a long list of pairs, many OrderedDicts of it
  std::string pairs = global("collections", "OrderedDict") +
                      "q\x01"
                      "0"
                      "](";
  for (int i = 0; i < 5000; ++i) pairs += "NN\x86";
  pairs +=
      "e\x85q\x02"
      "0";
  for (int i = 0; i < 5000; ++i) pairs += "h\x01h\x02R0";
  CHECK_THROWS_AS(Read(pairs + "N."), Error);
  // no recursion: any depth is accepted
  CHECK_NOTHROW(Read("N" + std::string(1000000, '\x85') + "."));
  CHECK_NOTHROW(Read(std::string(1000000, '(') + "N."));
}
