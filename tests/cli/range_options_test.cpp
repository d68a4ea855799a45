// SPDX-License-Identifier: Apache-2.0
#include "cli/range_options.h"

#include "cli/tool.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace vremd;
using cli::parse_time;
using cli::RangeOptions;

TEST_CASE("times") {
  CHECK(parse_time("90") == 90);
  CHECK(parse_time("90.25") == 90.25);
  CHECK(parse_time("0") == 0);
  CHECK(parse_time("1:30") == 90);
  CHECK(parse_time("1:30.5") == 90.5);
  CHECK(parse_time("0:01:30") == 90);
  CHECK(parse_time("01:01:01.125") == 3661.125);
  CHECK(parse_time("90:00") == 5400);
  for (const char* text : {"",      ":",       "1:",     ":30",        "-1",
                           "+1",    "1.",      ".5",     "1:60",       "1:5",
                           "1:030", "1:60:00", "1:5:00", "1:2:3:4",    "1.5:00",
                           "1e3",   "inf",     "nan",    "0x10",       "1s",
                           " 1",    "1 ",      "1:-5",   "9999999999", "99999999999999999999:00"}) {
    INFO(text);
    CHECK_FALSE(parse_time(text));
  }
}

TEST_CASE("ranges are half-open") {
  const FrameRange frames = RangeOptions{"2:4", "", ""}.range();
  CHECK_FALSE(frames.contains(1, 0));
  CHECK(frames.contains(2, 0));
  CHECK(frames.contains(3, 1e9));
  CHECK_FALSE(frames.contains(4, 0));
  CHECK(frames.is_after(4, 0));
  CHECK_FALSE(frames.is_after(1, 0));

  const FrameRange times = RangeOptions{"", "0:01", "1.5"}.range();
  CHECK_FALSE(times.contains(99, 0.999));
  CHECK(times.contains(99, 1));
  CHECK(times.contains(99, 1 - 1e-9));  // as records round it
  CHECK(times.contains(99, 1.499));
  CHECK_FALSE(times.contains(99, 1.5));
  CHECK_FALSE(times.contains(99, 1.5 - 1e-9));
  CHECK(times.is_after(0, 1.5));

  CHECK(RangeOptions{}.range().is_whole());
  CHECK(RangeOptions{":", "", ""}.range().is_whole());
  CHECK(RangeOptions{"", "", "2"}.range().contains(0, -0.04));  // times may begin below 0
}

TEST_CASE("ranges that cannot be") {
  for (const RangeOptions& options :
       {RangeOptions{"5", "", ""}, RangeOptions{"5:5", "", ""}, RangeOptions{"-1:5", "", ""},
        RangeOptions{"a:", "", ""}, RangeOptions{"0:5", "1", ""}, RangeOptions{"0:5", "", "1"},
        RangeOptions{"", "2", "2"}, RangeOptions{"", "1:00", "59"}, RangeOptions{"", "x", ""},
        RangeOptions{"", "", "0"}}) {
    CHECK_THROWS_AS(options.range(), cli::UsageError);
  }
}

TEST_CASE("how ranges are called") {
  CHECK(RangeOptions{"", "1:30", "100"}.text() == "--start 1:30 --end 100");
  CHECK(RangeOptions{"5:9", "", ""}.text() == "--frames 5:9");
  Json settings = Json::object();
  RangeOptions{"", "1:30", "100.5"}.add_settings(settings);
  CHECK(settings == Json{{"start", 90.0}, {"end", 100.5}});
}
