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

// As DeepLabCut's analyze_videos() writes it.
constexpr const char* kOneAnimal =
    "scorer,DLC_resnet50_reach,DLC_resnet50_reach,DLC_resnet50_reach,DLC_resnet50_reach,"
    "DLC_resnet50_reach,DLC_resnet50_reach\n"
    "bodyparts,nose,nose,nose,tail base,tail base,tail base\n"
    "coords,x,y,likelihood,x,y,likelihood\n"
    "0,10.5,20.25,0.99,30.0,40.0,0.5\n"
    "1,,,,,,\n"
    "2,11.5,21.25,0.98,,,\n";

constexpr const char* kTwoAnimals =
    "scorer,DLC,DLC,DLC,DLC,DLC,DLC\n"
    "individuals,mickey,mickey,mickey,track_1,track_1,track_1\n"
    "bodyparts,nose,nose,nose,nose,nose,nose\n"
    "coords,x,y,likelihood,x,y,likelihood\n"
    "0,10,20,0.5,30,40,0.75\n"
    "1,,,,31,41,0.5\n";

constexpr const char* kTracked =
    R"({"type":"header","format":1,"tool":"a","version":"0","command":"","video":"clip.mp4","width":64,"height":48,"joint_set":"custom","joints":["nose","left_knee"]}
{"type":"frame","frame":0,"time":0.0,"instances":[]}
{"type":"frame","frame":1,"time":0.5,"instances":[{"track":7,"box":[8.5,17.0,13.0,26.0],"box_score":1.0,"score":0.5,"keypoints":[[10.0,20.0,0.25],[20.0,40.0,0.75]]},{"track":-2,"box":[30.0,40.0,0.0,0.0],"box_score":1.0,"score":0.5,"keypoints":[[30.0,40.0,0.5],[0.0,0.0,0.0]]}]}
{"type":"frame","frame":4,"time":2.0,"instances":[{"track":7,"box":[11.0,21.0,0.0,0.0],"box_score":1.0,"score":0.5,"keypoints":[[0.0,0.0,0.0],[11.0,21.0,0.5]]}]}
{"type":"end","frames":3,"people":3,"damaged":0,"missing":0}
)";

std::string without(std::string text, const std::string& what, const std::string& instead = "") {
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at)) {
    text.replace(at, what.size(), instead);
    at += instead.size();
  }
  return text;
}

void check_error(const std::string& text, const std::string& error) {
  convert::check_error("a.csv", "dlc", text, error);
}

}  // namespace

TEST_CASE("a table of DeepLabCut with one animal") {
  const auto records = read_text("clipDLC_resnet50_reach.csv", kOneAnimal);
  REQUIRE(records.size() == 5);
  CHECK(std::string(records[0]["video"]).ends_with("clip"));
  CHECK(records[0]["joints"] == Json({"nose", "tail base"}));
  const Json& person = records[1]["instances"][0];
  CHECK(person["keypoints"] == Json::parse("[[10.5,20.25,0.99],[30.0,40.0,0.5]]"));
  CHECK(!person.contains("track"));
  CHECK(records[2]["instances"].empty());
  CHECK(records[3]["frame"] == 2);
  CHECK(records[3]["instances"][0]["keypoints"] ==
        Json::parse("[[11.5,21.25,0.98],[0.0,0.0,0.0]]"));
}

TEST_CASE("individuals become tracks") {
  const auto records = read_text("clip.csv", kTwoAnimals);
  REQUIRE(records.size() == 4);
  REQUIRE(records[1]["instances"].size() == 2);
  CHECK(records[1]["instances"][0]["track"] == 2);  // mickey; 1 is taken
  CHECK(records[1]["instances"][0]["keypoints"] == Json::parse("[[10.0,20.0,0.5]]"));
  REQUIRE(records[2]["instances"].size() == 1);
  CHECK(records[2]["instances"][0]["track"] == 1);
}

TEST_CASE("known joints get their names, and --input-joints orders them") {
  const std::string table = without(kOneAnimal, "tail base", "Left Knee");
  CHECK(read_text("a.csv", table)[0]["joints"] == Json({"nose", "left_knee"}));
  ConvertConfig config;
  config.input_joints = "left_knee,nose,left_ankle";
  const auto records = read_text("a.csv", table, config);
  CHECK(records[3]["instances"][0]["keypoints"] ==
        Json::parse("[[0.0,0.0,0.0],[11.5,21.25,0.98],[0.0,0.0,0.0]]"));
  config.input_joints = "nose";
  CHECK_THROWS_WITH(read_text("a.csv", table, config),
                    EndsWith("a.csv:2: left_knee is not a joint of nose"));
}

TEST_CASE("labelled pictures have paths instead of frame numbers and no likelihood") {
  const std::string rows = "bodyparts,nose,nose\ncoords,x,y\n";
  const auto records = read_text("CollectedData_anna.csv", "scorer,anna,anna\n" + rows +
                                                               "labeled-data/a/img003.png,1,2\n"
                                                               "labeled-data/a/img010.png,,\n"
                                                               "labeled-data/b/img001.png,3,4\n");
  REQUIRE(records.size() == 7);
  CHECK(std::string(records[0]["video"]).ends_with("labeled-data/a"));
  CHECK(records[1]["file"] == "img003.png");
  CHECK(records[1]["instances"][0]["keypoints"] == Json::parse("[[1.0,2.0,1.0]]"));
  CHECK(records[2]["frame"] == 1);
  CHECK(records[2]["instances"].empty());
  CHECK(std::string(records[4]["video"]).ends_with("labeled-data/b"));
  const auto parts = read_text(
      "a.csv",
      "scorer,,,anna,anna\nbodyparts,,,nose,nose\ncoords,,,x,y\nlabeled-data,a,img003.png,1,2\n");
  CHECK(std::string(parts[0]["video"]).ends_with("labeled-data/a"));
  CHECK(parts[1]["file"] == "img003.png");
}

TEST_CASE("records are written with an individual per track and read back") {
  const std::string table = convert_text("a.jsonl", kTracked, "dlc");
  CHECK(table ==
        "scorer,vremd,vremd,vremd,vremd,vremd,vremd,vremd,vremd,vremd,vremd,vremd,vremd\n"
        "individuals,track_-2,track_-2,track_-2,track_-2,track_-2,track_-2,"
        "track_7,track_7,track_7,track_7,track_7,track_7\n"
        "bodyparts,nose,nose,nose,left_knee,left_knee,left_knee,"
        "nose,nose,nose,left_knee,left_knee,left_knee\n"
        "coords,x,y,likelihood,x,y,likelihood,x,y,likelihood,x,y,likelihood\n"
        "0,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN\n"
        "1,30,40,0.5,,,,10,20,0.25,20,40,0.75\n"
        "4,,,,,,,,,,11,21,0.5\n");
  std::string nobody = kTracked;  // a first frame with a person whose joints are all absent
  nobody.replace(nobody.find("\"instances\":[]"), 14,
                 R"("instances":[{"track":7,"box":[0,0,1,1],"keypoints":[[0,0,0],[0,0,0]]}])");
  CHECK(convert_text("a.jsonl", nobody, "dlc") == table);
  auto got = read_text("clip.csv", table), want = records_of(kTracked);
  for (auto* records : {&want, &got}) {
    for (const char* key : {"video", "width", "height"}) records->front().erase(key);
    for (Json& record : *records) record.erase("time");
  }
  std::swap(want[2]["instances"][0], want[2]["instances"][1]);
  CHECK(got == want);
}

TEST_CASE("without tracks, a table holds one person per frame") {
  const std::string one = without(without(kTracked, "\"track\":7,"), R"("track":-2,)");
  CHECK_THROWS_WITH(convert_text("a.jsonl", one, "dlc"),
                    "clip.mp4: frame 1: a person without a track, but dlc tells several people by "
                    "their tracks; run vremd-track first, or use --tracked");
  const std::string mixed = without(kTracked, "\"track\":7,");
  CHECK_THROWS_WITH(convert_text("a.jsonl", mixed, "dlc"), EndsWith("or use --tracked"));
  CHECK_THROWS_WITH(convert_text("a.jsonl", without(kTracked, "-2", "7"), "dlc"),
                    "clip.mp4: frame 1: two people of track 7");
  CHECK(convert_text("a.csv", kOneAnimal, "dlc") ==
        "scorer,vremd,vremd,vremd,vremd,vremd,vremd\n"
        "bodyparts,nose,nose,nose,tail base,tail base,tail base\n"
        "coords,x,y,likelihood,x,y,likelihood\n"
        "0,10.5,20.25,0.99,30,40,0.5\n"
        "1,,,,,,\n"
        "2,11.5,21.25,0.98,,,\n");
  const std::string boxes =
      R"({"type":"header","format":1,"tool":"a","version":"0","command":"","video":"clip.mp4","width":64,"height":48}
{"type":"end","frames":0,"people":0,"damaged":0,"missing":0}
)";
  CHECK_THROWS_WITH(convert_text("a.jsonl", boxes, "dlc"),
                    "clip.mp4: no joints, but dlc holds nothing else; run vremd-pose first");
}

TEST_CASE("tables that are not DeepLabCut's are errors with a line") {
  const std::string head = "scorer,a,a\nbodyparts,nose,nose\ncoords,x,y\n";
  check_error("frame,person\n", ":1: 'frame' instead of scorer");
  check_error("scorer\n", ":1: no columns");
  check_error("scorer,a,b\n", ":1: two scorers, a and b");
  check_error("scorer,a\n", ": no row of bodyparts");
  check_error("scorer,a\nparts,nose\n", ":2: 'parts' instead of individuals or bodyparts");
  check_error("scorer,a\nbodyparts\n", ":2: 1 fields instead of 2");
  check_error("scorer,a\nindividuals,m\ncoords,x\n", ":3: 'coords' instead of bodyparts");
  check_error("scorer,a\nbodyparts,nose\n", ": no row of coords");
  check_error("scorer,a\nbodyparts,nose\ncoords,z\n", ":3: 'z' is none of x, y and likelihood");
  check_error("scorer,a,a\nbodyparts,nose,Nose\ncoords,x,x\n", ":3: duplicate column: Nose x");
  check_error(head + "0,1\n", ":4: 2 fields instead of 3");
  check_error(head + "0,1,q\n", ":4: nose y: 'q' is not a number");
  check_error(head + "0,1,inf\n", ":4: nose y: not finite");
  check_error(head + "0,1,\n", ":4: nose has x but no y");
  check_error(head + "1,1,2\n1,1,2\n", ":5: frame 1 after frame 1");
  check_error(head + "-1,1,2\n", ":4: '-1' is no frame number");
  check_error(head + "0.5,1,2\n", ":4: frame: '0.5' is not an integer");
  check_error(head + "0,1,2\na.png,1,2\n", ":5: 'a.png' is no frame number, unlike the rows above");
  check_error(head + "a/1.png,1,2\nb/1.png,1,2\na/2.png,1,2\n",
              ":6: a/2.png: the rows must be sorted by directory");
}
