// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "io/json_dom.h"
#include "io/json_file.h"
#include "temporary_folder.h"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::io;
using Catch::Matchers::ContainsSubstring;

namespace {

// A text for both backends.
struct Parsed {
  explicit Parsed(const std::string& text) : json(Json::parse(text)), document(text, "a.json") {}
  template <typename Value>
  BasicJsonNode<Value> root() const {
    if constexpr (std::is_same_v<Value, const Json*>)
      return {&json, {"a.json"}};
    else
      return document.root();
  }
  Json json;
  JsonDocument document;
};

}  // namespace

TEMPLATE_TEST_CASE("nodes are strict and name their place", "", const Json*,
                   simdjson::dom::element) {
  const Parsed parsed(
      R"({"i":3,"real":3.0,"half":2.5,"text":"x","yes":true,"none":null,"big":18446744073709551615,
          "list":[1,"a",null],"box":[1,2,3.5,4],"short":[1],"empty":[],"deep":{"a":[{"b":1}]}})");
  const auto root = parsed.template root<TestType>();
  const auto [i, real, half, text, yes, none, big, list, box, few, empty, deep, absent] =
      root.fields({"i", "real", "half", "text", "yes", "none", "big", "list", "box", "short",
                   "empty", "deep", "absent"});
  CHECK(i.integer() == 3);
  CHECK(real.integer() == 3);
  CHECK(i.number() == 3.0);
  CHECK(text.string() == "x");
  CHECK(yes.boolean());
  CHECK(i.flag());
  CHECK(box.box()->h == 4);
  CHECK_FALSE(empty.box());
  CHECK_FALSE(none);
  CHECK_FALSE(absent.optional_integer());
  CHECK(absent.optional_array().size() == 0);
  CHECK(list.array().size() == 3);
  CHECK_THROWS_WITH(absent.integer(), "a.json: no absent");
  CHECK_THROWS_WITH(none.string(), "a.json: no none");
  CHECK_THROWS_WITH(half.integer(), "a.json: half: not an integer");
  CHECK_THROWS_WITH(big.integer(), "a.json: big: too large");
  CHECK_THROWS_WITH(text.number(), "a.json: text: not a number");
  CHECK_THROWS_WITH(text.flag(), "a.json: text: not true or false");
  CHECK_THROWS_WITH(i.boolean(), "a.json: i: not true or false");
  CHECK_THROWS_WITH(i.string(), "a.json: i: not a string");
  CHECK_THROWS_WITH(i.array(), "a.json: i: not an array");
  CHECK_THROWS_WITH(i.field("x"), "a.json: i: not an object");
  CHECK_THROWS_WITH(few.box(), "a.json: short: not an array of 4 numbers");
  CHECK_THROWS_WITH(list.numbers(), "a.json: list[1]: not a number");
  CHECK_THROWS_WITH(list.strings(), "a.json: list[0]: not a string");
  const auto a = deep.field("a");
  for (const auto one : a.array()) {
    CHECK_THROWS_WITH(one.field("c").number(), "a.json: deep.a[0]: no c");
    CHECK_THROWS_WITH(one.field("b").string(), "a.json: deep.a[0].b: not a string");
  }
}

TEST_CASE("both parsers give the same value") {
  const std::string text =
      R"({"a":[1,-2,2.5,1e300,3.0,0.1,true,null,"x\u0001\"é",{}],"b":18446744073709551615})";
  CHECK(to_json(JsonDocument(text, "a.json").root().value()) == Json::parse(text));
  CHECK_THROWS_WITH(JsonDocument("{\"a\":\n[nan]}", "a.json"),
                    "a.json:2: not valid JSON at column 3");
}

TEST_CASE("invalid JSON is an error with file and line") {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::string& text) -> std::string {
    const std::string path = folder.save("a.json", text);
    try {
      read_json_file(path);
    } catch (const Error& error) {
      return std::string(error.what()).substr(path.size());
    }
    return "no error";
  };
  CHECK(error_of("{\"a\": 1}\n") == "no error");
  CHECK(error_of("") == ": empty");
  CHECK(error_of("{\n\"a\": 1,\n\"b\": NaN}\n") == ":3: not valid JSON at column 6");
  CHECK(error_of("{\n\"a\": [1,\n") == ":3: not valid JSON: unexpected end of input");
  CHECK(error_of("[1,\n]") == ":2: not valid JSON at column 1");
  CHECK(error_of("[1]\n]") == ":2: not valid JSON at column 1");
  CHECK(error_of("[1\n \n 2]") == ":3: not valid JSON at column 2");
  CHECK(error_of("\xef\xbb\xbf[1]\r\n") == "no error");
  CHECK(error_of("[\"\xe4\"]") == ":1: not valid JSON at column 4");  // Latin-1
  CHECK(error_of("\xff\xfe[") == ":1: not valid JSON at column 1");   // UTF-16
  CHECK(error_of("[1e999]") == ":1: [0]: a number is too large for a double");
  CHECK(error_of(R"({"a":[1,{"b":1,
"b":2}]})") == ":2: a[1].b: duplicate key");
  std::string large = "{";
  for (int i = 0; i < 100000; ++i) large += fmt::format("\"{}\":0,", i);
  CHECK(error_of(large + "\"x\":0}") == "no error");
  CHECK(error_of(large + "\"7\":0}") == ":1: 7: duplicate key");
  std::string deepest;
  for (int i = 0; i < kDeepestJson; ++i) deepest += "[0]";
  CHECK(error_of(std::string(1000, '[')) == ":1: " + deepest + ": nested too deeply");
  CHECK_THROWS_WITH(read_json_file(folder / "b.json"),
                    ContainsSubstring("cannot open: No such file"));
  CHECK_THROWS_WITH(read_json_file("."), ".: is a directory");
}

TEST_CASE("items of lists are streamed, the rest is kept") {
  const TemporaryFolder folder;
  std::string taken;
  const auto take = [&](const char* list) {
    return [&taken, list](const Json& item, std::size_t index, const Json& outer) {
      taken += fmt::format("{}[{}] {} {}; ", list, index, item.dump(), outer.size());
    };
  };
  const auto read = [&](const std::string& text, const std::vector<JsonItems>& lists) {
    taken.clear();
    return read_json_file(folder.save("a.json", text), lists).dump();
  };
  const std::vector<JsonItems> lists = {{"a", take("a")}, {"b", take("b")}};
  CHECK(read(R"({"b":[1,[2]],"c":[3],"a":[{"a":[4]}],"d":{"a":[5]}})", lists) ==
        R"({"b":[],"c":[3],"a":[],"d":{"a":[5]}})");
  CHECK(taken == R"(b[0] 1 0; b[1] [2] 0; a[0] {"a":[4]} 2; )");
  CHECK(read(R"([1,{"a":[2]}])", lists) == R"([1,{"a":[2]}])");
  CHECK(taken.empty());
  CHECK(read(R"([1,{"a":[2]}])", {{"", take("")}}) == "[]");
  CHECK(taken == R"([0] 1 0; [1] {"a":[2]} 0; )");
  CHECK(read(R"({"":[1]})", {{"", take("")}}) == R"({"":[1]})");
}

TEST_CASE("files of a folder in byte order, without hidden ones") {
  const TemporaryFolder folder;
  CHECK(files_in(folder.path, ".json").empty());
  for (const char* name :
       {"b.json", "a.json", "B.json", ".c.json", "._a.json", "a.jsonl", "json"}) {
    folder.save(name, "x");
  }
  const std::vector<std::string> want = {folder / "B.json", folder / "a.json", folder / "b.json"};
  CHECK(files_in(folder.path, ".json") == want);
  CHECK(files_in(folder.path, ".jsonl") == std::vector<std::string>{folder / "a.jsonl"});
  CHECK_THROWS_WITH(files_in(folder / "none", ".json"), ContainsSubstring(": cannot read: "));
}
