// SPDX-License-Identifier: Apache-2.0
#include "convert_text.h"
#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::convert;
using Catch::Matchers::EndsWith;

namespace {

// The example of motchallenge.net/instructions, with frames out of order.
constexpr const char* kResults =
    "3, 3, 794.27, 247.59, 71.245, 174.88, 0.5, -1, -1, -1\n"
    "1, 3, 794.27, 247.59, 71.245, 174.88, -1, -1, -1, -1\n"
    "1, 6, 1648.1, 119.61, 66.504, 163.24, -1, -1, -1, -1\n";

constexpr const char* kTracked =
    R"({"type":"header","format":1,"tool":"a","version":"0","command":"","video":"clip.mp4"}
{"type":"frame","frame":0,"time":0.0,"instances":[]}
{"type":"frame","frame":1,"time":0.0,"instances":[{"track":7,"box":[0.0,0.15,13.0,26.25],"box_score":0.875,"score":0.875,"keypoints":[]},{"box":[-30.5,40.1,1.0,0.0],"box_score":1.0,"score":1.0,"keypoints":[]}]}
{"type":"end","frames":2,"people":2,"damaged":0,"missing":0}
)";

void check_error(const std::string& text, const std::string& error) {
  convert::check_error("a.txt", "mot", text, error);
}

}  // namespace

TEST_CASE("results of MOTChallenge are counted from 1") {
  const auto records = read_text("MOT17-02.txt", kResults);
  REQUIRE(records.size() == 5);
  CHECK(std::string(records[0]["video"]).ends_with("MOT17-02"));
  REQUIRE(records[1]["instances"].size() == 2);
  const Json& person = records[1]["instances"][0];
  CHECK(records[1]["frame"] == 0);
  CHECK(person["track"] == 3);
  CHECK(person["box"] == Json::parse("[793.27,246.59,71.25,174.88]"));
  CHECK(person["score"] == 1.0);  // -1: unknown
  CHECK(records[2]["instances"].empty());
  CHECK(records[3]["instances"][0]["box_score"] == 0.5);
}

TEST_CASE("annotated boxes: pedestrians only, ignored ones with score 0") {
  const auto records = read_text("gt.txt",
                                 "1,1,912,484,97,109,0,1,0.5\n"
                                 "1,2,1338,418,167,379,1,1,1\n"
                                 "1,3,1338,418,167,379,1,3,1\n");
  REQUIRE(records[1]["instances"].size() == 2);
  CHECK(records[1]["instances"][0]["score"] == 0.0);
  CHECK(records[1]["instances"][1]["score"] == 1.0);
}

TEST_CASE("detections have no tracks; class and coordinates may be absent") {
  const auto records = read_text("det.txt", "1,-1,912,484,97,109,0.9\n1,-1,1,1,97,109,0.8\n");
  REQUIRE(records[1]["instances"].size() == 2);
  CHECK(!records[1]["instances"][0].contains("track"));
  CHECK(records[1]["instances"][1]["box"] == Json::parse("[0.0,0.0,97.0,109.0]"));
}

TEST_CASE("boxes and tracks are written and read back") {
  const std::string text = convert_text("a.jsonl", kTracked, "mot");
  CHECK(text ==
        "2,7,1,1.15,13,26.25,0.875,-1,-1,-1\n"
        "2,-1,-29.5,41.1,1,0,1,-1,-1,-1\n");
  auto got = read_text("clip.txt", text), want = records_of(kTracked);
  for (auto* records : {&want, &got}) {
    for (const char* key : {"video", "width", "height"}) records->front().erase(key);
    for (Json& record : *records) {
      if (!record.contains("instances") || !record["instances"].is_array()) continue;
      for (Json& person : record["instances"]) person.erase("keypoints");
    }
  }
  CHECK(got == want);
  CHECK(convert_text("clip.txt", text, "mot") == text);
}

TEST_CASE("invalid lines of MOTChallenge are errors with their number") {
  const std::string row = "1,1,1,1,1,1,1,-1,-1,-1\n";
  check_error("1,1,1,1,1,1\n", ":1: 6 fields instead of 7 to 10");
  check_error(row + "1,1,1,1,1,1,1,1,1,1,1\n", ":2: more than 10 fields");
  check_error(row + "0,1,1,1,1,1,1\n", ":2: frame 0: they are counted from 1");
  check_error(row + "1.5,1,1,1,1,1,1\n", ":2: frame: '1.5' is not an integer");
  check_error(row + "1,-2,1,1,1,1,1\n", ":2: id: -2, neither -1 nor positive");
  check_error(row + "1,2,x,1,1,1,1\n", ":2: left: 'x' is not a number");
  check_error(row + "1,2,1,1,inf,1,1\n", ":2: width: not finite");
  check_error(row + "1,2,1,1,1,,1\n", ":2: no height");
  check_error(row + row, ":2: a second box of id 1 in frame 1");
  check_error(row + "99999999,1,1,1,1,1,1\n", ":2: frame 99999999 after frame 1");
  std::string negative = kTracked;
  negative.replace(negative.find("\"track\":7"), 9, "\"track\":-7");
  CHECK_THROWS_WITH(convert_text("a.jsonl", negative, "mot"),
                    "clip.mp4: frame 1: track -7: ids of mot are not negative");
}
