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

const std::string kKeys =
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
    "OrigNumFrames\n";

// As OpenSim and Cortex write them.
const std::string kMarkers = "PathFileType\t4\t(X/Y/Z)\twalk, 1.trc\t\r\n" +
                             std::string(kKeys, 0, kKeys.size() - 1) +
                             "\t\r\n"
                             "120.00\t120.00\t2\t2\tmm\t120.00\t1\t2\t\r\n"
                             "Frame#\tTime\tR.ASIS\t\t\tLeft Knee\t\t\t\r\n"
                             "\t\tX1\tY1\tZ1\tX2\tY2\tZ2\t\r\n"
                             "\t\r\n"
                             "1\t0.000\t10.5\t20.25\t3\t\t\t\t\r\n"
                             "2\t0.008\t11.5\t21.25\t3\t30\t40\t5\t\r\n";

constexpr const char* kOnePerson =
    R"({"type":"header","format":1,"tool":"a","version":"0","command":"","video":"a/clip.mp4","width":64,"height":48,"fps":[30000,1001],"joint_set":"custom","joints":["nose","left_knee"]}
{"type":"frame","frame":2,"time":0.0667,"instances":[{"track":7,"box":[8.5,17.0,13.0,26.0],"box_score":1.0,"score":1.0,"keypoints":[[10.0,20.0,1.0],[20.0,40.0,1.0]]}]}
{"type":"frame","frame":3,"time":0.1001,"instances":[]}
{"type":"frame","frame":4,"time":0.1335,"instances":[{"track":7,"box":[11.5,21.0,0.0,0.0],"box_score":1.0,"score":1.0,"keypoints":[[0.0,0.0,0.0],[11.5,21.0,1.0]]}]}
{"type":"end","frames":3,"people":2,"damaged":0,"missing":0}
)";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

void check_error(const std::string& text, const std::string& error) {
  convert::check_error("a.trc", "trc", text, error);
}

}  // namespace

TEST_CASE("a TRC file of markers") {
  const auto records = read_text("walk.trc", kMarkers);
  REQUIRE(records.size() == 4);
  CHECK(records[0]["joints"] == Json({"R.ASIS", "left_knee"}));
  CHECK(records[0]["fps"] == Json({120, 1}));
  CHECK(records[1]["frame"] == 0);
  CHECK(records[1]["instances"][0]["keypoints"] == Json::parse("[[10.5,20.25,1.0],[0.0,0.0,0.0]]"));
  CHECK(records[2]["time"] == 0.008);
  CHECK(records[2]["instances"][0]["keypoints"] ==
        Json::parse("[[11.5,21.25,1.0],[30.0,40.0,1.0]]"));
}

TEST_CASE("one person is written as markers and read back") {
  const std::string text = convert_text("a.jsonl", kOnePerson, "trc");
  CHECK(text == "PathFileType\t4\t(X/Y/Z)\tclip.trc\n" + kKeys +
                    "29.97002997002997\t29.97002997002997\t3\t2\tpx\t29.97002997002997\t3\t3\n"
                    "Frame#\tTime\tnose\t\t\tleft_knee\t\t\t\n"
                    "\t\tX1\tY1\tZ1\tX2\tY2\tZ2\t\n"
                    "\n"
                    "3\t0.0667\t10\t20\t0\t20\t40\t0\t\n"
                    "4\t0.1001\t\t\t\t\t\t\t\n"
                    "5\t0.1335\t\t\t\t11.5\t21\t0\t\n");
  auto got = read_text("clip.trc", text), want = records_of(kOnePerson);
  for (auto* records : {&want, &got}) {
    for (const char* key : {"video", "width", "height"}) records->front().erase(key);
    for (Json& record : *records) {
      if (!record.contains("instances") || !record["instances"].is_array()) continue;
      for (Json& person : record["instances"]) person.erase("track");
    }
  }
  CHECK(got == want);
  CHECK(convert_text("clip.trc", text, "trc") == text);
}

TEST_CASE("the rate of TRC comes from the header or the times") {
  const std::string bare = replaced(kOnePerson, R"("fps":[30000,1001],)", "");
  CHECK(convert_text("a.jsonl", bare, "trc").find("\n29.9401\t") != std::string::npos);
  std::string timeless = bare;
  for (const char* time : {"0.0667", "0.1001", "0.1335"})
    timeless = replaced(timeless, time, "0.0");
  CHECK_THROWS_WITH(convert_text("a.jsonl", timeless, "trc"),
                    "a/clip.mp4: neither a frame rate nor times, which trc requires");
  ConvertConfig config;
  config.selection.fps = 15;  // thinned out
  const std::string thin = convert_text("a.jsonl", kOnePerson, "trc", config);
  CHECK(thin.find("\n14.9701\t29.97002997002997\t2\t") != std::string::npos);
}

TEST_CASE("TRC holds one person") {
  const std::string other = replaced(kOnePerson, "\"time\":0.1335,\"instances\":[{\"track\":7",
                                     "\"time\":0.1335,\"instances\":[{\"track\":8");
  CHECK_THROWS_WITH(convert_text("a.jsonl", other, "trc"),
                    "a/clip.mp4: frame 4: track 8 after track 7, but trc holds one person; choose "
                    "one with --tracks N");
  ConvertConfig config;
  config.selection.tracks = {8};
  CHECK(convert_text("a.jsonl", other, "trc", config).find("\n3\t0.0667\t\t\t\t\t\t\t\n") !=
        std::string::npos);
  const std::string two =
      replaced(kOnePerson, "\"instances\":[]",
               R"("instances":[{"box":[0,0,1,1],"keypoints":[[1,1,1],[1,1,1]]},)"
               R"({"box":[0,0,1,1],"keypoints":[[1,1,1],[1,1,1]]}])");
  CHECK_THROWS_WITH(convert_text("a.jsonl", two, "trc"),
                    "a/clip.mp4: frame 3: several people, but trc holds one person; choose one "
                    "with --tracks N");
}

TEST_CASE("invalid TRC files are errors with a line") {
  check_error("Path\n", ":1: 'Path' instead of PathFileType");
  check_error("PathFileType\t4\n", ": no row of DataRate");
  check_error(replaced(kMarkers, "mm\t", ""), ":3: 7 values of 8 properties");
  check_error(replaced(kMarkers, "DataRate", "Rate"), ":3: no DataRate");
  check_error(replaced(kMarkers, "120.00", "0"), ":3: DataRate: '0'");
  check_error(replaced(kMarkers, "120.00", "fast"), ":3: DataRate: 'fast' is not a number");
  check_error(replaced(kMarkers, "Frame#", "Frame"), ":4: not Frame#, Time and names of markers");
  check_error(replaced(kMarkers, "R.ASIS", ""), ":4: 1 names of 2 markers");
  check_error(replaced(kMarkers, "R.ASIS", "left_knee"), ":4: duplicate joint left_knee");
  check_error(replaced(kMarkers, "Z2", ""), ":5: 5 coordinates of 2 markers");
  check_error(replaced(kMarkers, "Y1", "Z1"), ":5: 'Z1' instead of Y1");
  check_error(replaced(kMarkers, "\t21.25", ""), ":8: left_knee: 2 of 3 coordinates");
  check_error(replaced(kMarkers, "\t40\t5\t", "\t40"), ":8: 7 fields instead of 8");
  check_error(replaced(kMarkers, "21.25", "x"), ":8: R.ASIS: 'x' is not a number");
  check_error(replaced(kMarkers, "21.25", ""), ":8: R.ASIS: 2 of 3 coordinates");
  check_error(replaced(kMarkers, "0.008", ""), ":8: no Time");
  check_error(replaced(kMarkers, "\n2\t", "\n1\t"), ":8: frame 1 after frame 1");
  check_error(replaced(kMarkers, "\n2\t", "\n-2\t"), ":8: '-2' is no frame number");
}

TEST_CASE("a TRC file with fewer frames than it states is truncated") {
  const TemporaryFolder folder;
  ConvertConfig config;
  config.inputs = {folder.save("a.trc", replaced(kMarkers, "\t2\t2\tmm", "\t3\t2\tmm"))};
  config.output = folder / "made";
  CHECK(!convert_records(config, io::Header{}).complete);
}
