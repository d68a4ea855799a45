// SPDX-License-Identifier: Apache-2.0
#include "convert/csv_rows.h"

#include "core/error.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::convert;
using Catch::Matchers::EndsWith;

namespace {

using Row = std::vector<std::string>;

std::vector<Row> rows(const std::string& text) {
  const TemporaryFolder folder;
  CsvReader reader(folder.save("rows.csv", text));
  std::vector<Row> all;
  Row row;
  while (reader.next(row)) all.push_back(row);
  return all;
}

void check(const std::string& text, const std::string& error) {
  CHECK_THROWS_WITH(rows(text), EndsWith(error));
}

}  // namespace

TEST_CASE("rows end with LF, CRLF or the file; empty lines are skipped") {
  CHECK(rows("").empty());
  CHECK(rows("\n\r\n").empty());
  CHECK(rows("a,b\nc,d") == std::vector<Row>{{"a", "b"}, {"c", "d"}});
  CHECK(rows("a,b\r\n\r\n\nc,d\r\n") == std::vector<Row>{{"a", "b"}, {"c", "d"}});
  CHECK(rows("\xef\xbb\xbf"
             "a\n") == std::vector<Row>{{"a"}});
  CHECK(rows(",\n") == std::vector<Row>{{"", ""}});
  CHECK(rows("a\rb\n") == std::vector<Row>{{"a\rb"}});
}

TEST_CASE("quoted fields may contain commas, quotes and line breaks") {
  CHECK(rows("\"a,b\",\"c\"\"d\"\n") == std::vector<Row>{{"a,b", "c\"d"}});
  CHECK(rows("\"a\r\nb\",c\n") == std::vector<Row>{{"a\r\nb", "c"}});
  CHECK(rows("\"\"\n") == std::vector<Row>{{""}});
  CHECK(rows("\"a\"\r\n") == std::vector<Row>{{"a"}});
  CHECK(rows("a\"b\n") == std::vector<Row>{{"a\"b"}});  // not at the beginning
}

TEST_CASE("semicolons and tabs separate fields if the first line has more of them") {
  CHECK(rows("a;b\n1,5;2\n") == std::vector<Row>{{"a", "b"}, {"1,5", "2"}});
  CHECK(rows("a\tb\n1;5\t2\n") == std::vector<Row>{{"a", "b"}, {"1;5", "2"}});
  CHECK(rows("a,b;c\n1,5;2\n") == std::vector<Row>{{"a", "b;c"}, {"1", "5;2"}});
}

TEST_CASE("invalid tables are errors with the line where the row begins") {
  check("a\n\"b\nc", ":2: unterminated quote");
  check("a\n\n\"b\nc\"d\n", ":3: text after a closing quote");
  check("a\ncaf\xe9\n", ":2: not UTF-8");
  check("a\n" + std::string(1 << 20, 'x') + "\n", ":2: a row longer than 1 MiB");
  check(std::string(1000, ','), ":1: more than 1000 fields");
  CHECK(rows(std::string(999, ',') + "\n").front().size() == 1000);
  CHECK_THROWS_WITH(CsvReader("/"), "/: is a directory");
  CHECK_THROWS_WITH(CsvReader("/none"), "/none: cannot open: No such file or directory");
}

TEST_CASE("fields are numbers, integers or missing") {
  const TemporaryFolder folder;
  CsvReader comma(folder.save("a.csv", "a,b\n")), semicolon(folder.save("b.csv", "a;b\n"));
  Row row;
  comma.next(row);
  CHECK(comma.number("1.5", "x") == 1.5);
  CHECK(!comma.number("NaN", "x"));
  CHECK(comma.integer("3.0", "x") == 3);
  CHECK(semicolon.number("1,5", "x") == 1.5);
  CHECK_THROWS_WITH(comma.number("1,5", "x"), EndsWith("a.csv:1: x: '1,5' is not a number"));
  CHECK_THROWS_WITH(comma.number("inf", "x"), EndsWith("a.csv:1: x: not finite"));
  CHECK_THROWS_WITH(comma.integer("3.5", "x"), EndsWith("a.csv:1: x: '3.5' is not an integer"));
}

TEST_CASE("a given separator, and a limit for the fields of a row") {
  const TemporaryFolder folder;
  const std::string path = folder.save("a.csv", "a,b,c\td\n");
  CsvReader tabs(path, 2, '\t'), few(path, 2);
  Row row;
  REQUIRE(tabs.next(row));
  CHECK(row == Row{"a,b,c", "d"});
  CHECK_THROWS_WITH(few.next(row), EndsWith("a.csv:1: more than 2 fields"));
}

TEST_CASE("csv_field round-trips") {
  for (const char* text : {"", "plain", "a,b", "say \"a\"", "two\nlines", "a\r", "ä€"}) {
    CHECK(rows(csv_field(text) + ",end\n") == std::vector<Row>{{text, "end"}});
  }
  CHECK(csv_field("plain") == "plain");
  CHECK(csv_field("a\"b") == "\"a\"\"b\"");
}
