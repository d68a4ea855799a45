// SPDX-License-Identifier: Apache-2.0
#include "io/records.h"

#include "core/error.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::io;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kHeader = R"({"type":"header","format":1,"video":"a.mp4","width":4,"height":3})";

std::vector<Record> read_all(const std::string& text, bool* cut = nullptr) {
  const TemporaryFolder folder;
  RecordReader reader(folder.save("records.jsonl", text));
  std::vector<Record> records;
  while (auto record = reader.next()) records.push_back(std::move(*record));
  if (cut) *cut = reader.cut();
  return records;
}

}  // namespace

TEST_CASE("a frame record keeps its numbers, its order and unknown keys") {
  const std::string line =
      R"({"type":"frame","frame":7,"time":0.28,"pts":3584,"instances":[{"track":3,"box":[1.5,2.25,)"
      R"(30.0,40.0],"box_score":0.9312,"score":0.812,"neighbours":[-1,1],"mine":"x"}],"more":[1]})";
  const Record record = record_from_json(Json::parse(line), "here");
  const auto& frame = std::get<FrameRecord>(record);
  CHECK(frame.instances.at(0).track == 3);
  CHECK(frame.instances.at(0).neighbours == std::array<int, 2>{-1, 1});
  CHECK(to_json(frame).dump() == line);
}

TEST_CASE("coordinates have 2 decimals and scores 6 significant digits") {
  FrameRecord frame;
  Instance one;
  one.box = {1.23456, 2, 3, 4};
  one.box_score = 0.1234567891;
  one.score = 0.1f;
  one.keypoints = {{10.005, 20.0049, 0.000012345678}};
  frame.instances = {one};
  CHECK(to_json(frame)["instances"][0].dump() ==
        R"({"box":[1.23,2.0,3.0,4.0],"box_score":0.123457,"score":0.1,)"
        R"("keypoints":[[10.01,20.0,1.23457e-05]]})");
}

TEST_CASE("annotation fields are typed and round-trip") {
  const std::string frame =
      R"({"type":"frame","frame":0,"time":0.0,"instances":[{"box":[1.0,2.0,3.0,4.0],)"
      R"("box_score":1.0,"score":1.0,"keypoints":[[1.0,2.0,1.0]],"visibility":[2],)"
      R"("bbox_head":[1.5,2.0,3.0,4.0],"area":12.5,"iscrowd":1,"mine":"kept",)"
      R"("derived":["nose"]}],"is_labeled":true,)"
      R"("ignore_regions":[[[0.0,1.0],[2.0,1.5]]],"more":7})";
  const Json json = Json::parse(frame);
  const auto record = std::get<FrameRecord>(record_from_json(json, "here"));
  const Instance& one = record.instances.at(0);
  CHECK(one.visibility == std::vector<double>{2});
  CHECK(one.head_box->x == 1.5);
  CHECK(one.area == 12.5);
  CHECK(one.crowd);
  CHECK(one.derived == std::vector<std::string>{"nose"});
  CHECK(one.extra == Json({{"mine", "kept"}}));
  CHECK(record.labelled == true);
  CHECK(record.ignore_regions.at(0).at(1).y == 1.5);
  CHECK(to_json(record).dump() == frame);

  const auto refused = [&](const char* path, const Json& value, const std::string& message) {
    Json bad = json;
    bad[Json::json_pointer(path)] = value;
    CHECK_THROWS_WITH(record_from_json(bad, "here"), message);
  };
  refused("/instances/0/visibility", {1, 2},
          "here: instances[0].visibility: 2 numbers for 1 keypoints");
  refused("/instances/0/bbox_head", {1}, "here: instances[0].bbox_head: not an array of 4 numbers");
  refused("/is_labeled", 1, "here: is_labeled: not true or false");
  refused("/ignore_regions/0/1", {1}, "here: ignore_regions[0][1]: not an array of 2 numbers");
}

TEST_CASE("a header keeps joints and provenance") {
  Header header;
  header.tool = "vremd-pose";
  header.video = "a.mp4";
  header.fps = {30000, 1001};
  header.joints = joint_set("posetrack15");
  const Json json = to_json(header);
  const Record again = record_from_json(json, "here");
  CHECK(std::get<Header>(again).joints->name == "posetrack15");
  CHECK(std::get<Header>(again).fps == std::pair<std::int64_t, std::int64_t>{30000, 1001});
  CHECK(to_json(std::get<Header>(again)) == json);
  CHECK(provenance(header)[0]["tool"] == "vremd-pose");
}

TEST_CASE("an end record has every count") {
  End end;
  end.frames = 3;
  CHECK(to_json(end).dump() == R"({"type":"end","frames":3,"people":0,"damaged":0,"missing":0})");
}

TEST_CASE("the end record's earlier name of the people") {
  const Record record =
      record_from_json(Json::parse(R"({"type":"end","frames":3,"instances":5})"), "a:1");
  CHECK(std::get<End>(record).people == 5);
  CHECK(to_json(std::get<End>(record)).dump() ==
        R"({"type":"end","frames":3,"people":5,"damaged":0,"missing":0})");
}

TEST_CASE("concatenated streams are valid, a truncated one is detected") {
  const std::string frame = R"({"type":"frame","frame":0,"instances":[]})";
  const std::string end = R"({"type":"end","frames":1,"people":0})";
  const std::string video = kHeader + "\n" + frame + "\n" + end + "\n";
  bool cut = true;
  CHECK(read_all(video + "\n" + video, &cut).size() == 6);
  CHECK_FALSE(cut);
  CHECK(read_all(kHeader + "\r\n" + frame + "\r\n", &cut).size() == 2);
  CHECK(cut);
}

TEST_CASE("bad records name the file, the line and the field") {
  const auto [line, want] = GENERATE(table<std::string, std::string>({
      {"not json", ":2: not valid JSON at column 2"},
      {"{\"type\":", ":2: not valid JSON: unexpected end of input"},
      {"[1]", ":2: not an object"},
      {R"({"frame":0})", ":2: no type"},
      {R"({"type":"frame","instances":[]})", ":2: no frame"},
      {R"({"type":"frame","frame":"0","instances":[]})", ":2: frame: not an integer"},
      {R"({"type":"frame","frame":99999999999999999999,"instances":[]})", ":2: frame: not an int"},
      {R"({"type":"frame","frame":18446744073709551615,"instances":[]})", ":2: frame: too large"},
      {R"({"type":"frame","frame":1000000000001,"instances":[]})", ":2: frame: too large"},
      {R"({"type":"frame","frame":-1,"instances":[]})", ":2: frame: negative"},
      {R"({"type":"frame","frame":0,"width":2147483648,"height":1,"instances":[]})",
       ":2: width: too large"},
      {R"({"type":"frame","frame":0,"instances":[{"box":[1,2,3,4],"neighbours":[-1,1e300]}]})",
       ":2: instances[0].neighbours[1]: not an integer"},
      {R"({"type":"frame","frame":0,"instances":[{"box":[1,2,3,4],"neighbours":[-1,null]}]})",
       ":2: instances[0].neighbours[1]: not an integer"},
      {R"({"type":"frame","frame":0})", ":2: no instances"},
      {R"({"type":"frame","frame":0,"instances":[{}]})", ":2: instances[0]: no box"},
      {R"({"type":"frame","frame":0,"instances":[{"box":[1,2,3]}]})",
       ":2: instances[0].box: not an array of 4 numbers"},
      {R"({"type":"frame","frame":0,"instances":[{"box":[1,2,3,"x"]}]})",
       ":2: instances[0].box[3]: not a number"},
      {R"({"type":"frame","frame":0,"instances":[{"box":[1,2,3,4],"keypoints":[[1,2,3]]}]})",
       "1 keypoints, but 0 joints in the header"},
      {kHeader, ":2: header without an end record before it"},
  }));
  CAPTURE(line);
  CHECK_THROWS_WITH(read_all(kHeader + "\n" + line + "\n"), ContainsSubstring(want));
}

TEST_CASE("a stream without a header, and an empty one, are errors") {
  CHECK_THROWS_WITH(read_all(R"({"type":"end","frames":1,"people":0})"),
                    ContainsSubstring(":1: record without a header"));
  CHECK_THROWS_WITH(read_all(""), ContainsSubstring("no records"));
  CHECK_THROWS_WITH(RecordReader("/no/such/file"), ContainsSubstring("/no/such/file: cannot open"));
}
