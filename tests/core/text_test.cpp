// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include "core/error.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace vremd;

TEST_CASE("utf8_length accepts complete, shortest sequences") {
  CHECK(utf8_length("") == 0);
  CHECK(utf8_length("ab") == 1);
  CHECK(utf8_length("ä") == 2);
  CHECK(utf8_length("€") == 3);
  CHECK(utf8_length("🦵") == 4);
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xe2\x82",
                          "\xf4\x90\x80\x80", "\xff"}) {
    CHECK(utf8_length(bad) == 0);
  }
}

TEST_CASE("one_line escapes only control characters and invalid UTF-8") {
  CHECK(one_line("a\nb\r\tc") == "a\\nb\\r\\tc");
  CHECK(one_line(std::string_view("\0\x1b[31m\x7f", 7)) == "\\x00\\x1b[31m\\x7f");
  CHECK(one_line("\xc2\x85 \xc2\x9f\xc2\xa0") == "\\xc2\\x85 \\xc2\\x9f\xc2\xa0");  // C1, no-break
  CHECK(one_line("caf\xe9 Käse\xc3") == "caf\\xe9 Käse\\xc3");
  CHECK(one_line("C:\\n") == "C:\\n");
  CHECK(one_line(one_line("\n")) == one_line("\n"));
}

TEST_CASE("first_line ends before the first line break") {
  CHECK(first_line("shapes differ\nException raised from check at Foo.cpp:3\n") == "shapes differ");
  CHECK(first_line("\nrest").empty());
  CHECK(first_line("one") == "one");
  CHECK(first_line("").empty());
}

TEST_CASE("number_from takes the whole text or nothing") {
  CHECK(number_from<int>("-12") == -12);
  CHECK(number_from<int>("007") == 7);
  for (const char* bad : {"", " 1", "1 ", "+1", "1.0", "0x1", "2147483648", "-"}) {
    CAPTURE(bad);
    CHECK_FALSE(number_from<int>(bad));
  }
  CHECK_FALSE(number_from<unsigned>("-1"));
  CHECK(number_from<double>("-1.5e3") == -1500);
  CHECK(std::isnan(number_from<double>("nan").value()));
  for (const char* bad : {"", "1,5", "1e999", "1.5x", "."}) {
    CAPTURE(bad);
    CHECK_FALSE(number_from<double>(bad));
  }
}

TEST_CASE("excerpt truncates after whole characters and escapes") {
  const std::string sixty(60, 'x');
  CHECK(excerpt(sixty) == sixty);
  CHECK(excerpt(sixty + "y") == sixty + "…");
  CHECK(excerpt("ä€🦵", 9) == "ä€🦵");
  CHECK(excerpt("ä€🦵", 8) == "ä€…");
  CHECK(excerpt("ä€🦵", 4) == "ä…");
  CHECK(excerpt("abc\ndef", 4) == "abc…");
  CHECK(excerpt("abc\ndef", 5) == "abc\\n…");
  CHECK(excerpt("") == "");
}

TEST_CASE("an Error is always one line") {
  try {
    fail("{}: '{}' is wrong", "a\nb.json", "\xff");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "a\\nb.json: '\\xff' is wrong");
  }
}
