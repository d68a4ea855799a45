// SPDX-License-Identifier: Apache-2.0
#include "convert_text.h"
#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>

using namespace vremd;
using namespace vremd::convert;
using Catch::Matchers::EndsWith;

namespace {

namespace fs = std::filesystem;

// As in Ultralytics' documentation, with the size of the image.
constexpr const char* kData =
    "# A data set\n"
    "path: ../datasets/people # dataset root dir\n"
    "train: images/train\n"
    "\n"
    "kpt_shape: [2, 3] # number of keypoints, number of dims\n"
    "flip_idx: [0, 1]\n"
    "names:\n"
    "  0: person\n"
    "kpt_names:\n"
    "  0:\n"
    "    - nose\n"
    "    - left_knee\n"
    "image_size: [200, 100]\n";
constexpr const char* kLabel = "0 0.5 0.5 0.25 0.5 0.5 0.25 2 0.625 0.75 1\n";

constexpr const char* kPeople =
    R"({"type":"header","format":1,"tool":"a","version":"0","command":"","video":"a/clip.mp4","width":64,"height":48,"joint_set":"custom","joints":["left_knee","right_knee","nose"]}
{"type":"frame","frame":0,"time":0.0,"instances":[]}
{"type":"frame","frame":3,"time":0.0,"width":640,"height":480,"instances":[{"box":[64.0,120.0,128.0,240.0],"box_score":1.0,"score":1.0,"keypoints":[[160.0,120.0,1.0],[0.0,0.0,0.0],[99.33,120.01,1.0]],"visibility":[2,0,1]}]}
{"type":"end","frames":2,"people":1,"damaged":0,"missing":0}
)";

// A data set with these labels.
struct DataSet {
  TemporaryFolder folder;
  explicit DataSet(const std::string& data, const std::string& label = kLabel,
                   const std::string& name = "labels/train/a.txt") {
    fs::create_directories(folder / "labels/train");
    folder.save("data.yaml", data);
    folder.save(name, label);
  }
  std::vector<Json> read(ConvertConfig config = {}) const {
    set_log("test", LogLevel::kError);
    config.inputs = {folder.path};
    config.output = folder / "made";
    convert_records(config, io::Header{});
    return records_of(text_of(config.output));
  }
};

void write(const std::string& records, const TemporaryFolder& folder, ConvertConfig config = {}) {
  set_log("test", LogLevel::kError);
  config.inputs = {folder.save("a.jsonl", records)};
  config.to = "yolo";
  config.output = folder / "made";
  convert_records(config, io::Header{});
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

void check_error(const std::string& data, const std::string& label, const std::string& error) {
  CHECK_THROWS_WITH(DataSet(data, label).read(), EndsWith(error));
}

}  // namespace

TEST_CASE("labels of YOLO are annotations") {
  const auto records = DataSet(kData).read();
  REQUIRE(records.size() == 3);
  CHECK(std::string(records[0]["video"]).ends_with("a.jpg"));
  CHECK(records[0]["width"] == 200);
  CHECK(records[0]["joints"] == Json({"nose", "left_knee"}));
  const Json& person = records[1]["instances"][0];
  CHECK(person["box"] == Json::parse("[75.0,25.0,50.0,50.0]"));
  CHECK(person["keypoints"] == Json::parse("[[100.0,25.0,1.0],[125.0,75.0,1.0]]"));
  CHECK(person["visibility"] == Json({2, 1}));
}

TEST_CASE("predictions of YOLO have scores; keypoints may have no third number") {
  const Json person =
      DataSet(kData, "0 0.5 0.5 0.25 0.5 0.5 0.25 0.75 0.625 0.75 0.5\n").read()[1]["instances"][0];
  CHECK(!person.contains("visibility"));
  CHECK(person["keypoints"] == Json::parse("[[100.0,25.0,0.75],[125.0,75.0,0.5]]"));
  const Json two = DataSet(replaced(kData, "[2, 3]", "[2, 2]"), "0 0.5 0.5 0.25 0.5 0.5 0.25 0 0\n")
                       .read()[1]["instances"][0];
  CHECK(two["visibility"] == Json({2, 0}));
}

TEST_CASE("people are written as labels and read back") {
  const TemporaryFolder folder;
  write(kPeople, folder);
  CHECK(text_of(folder / "made/labels/clip_000000000000.txt").empty());
  CHECK(text_of(folder / "made/labels/clip_000000000003.txt") ==
        "0 0.2 0.5 0.2 0.5 0.25 0.25 2 0 0 0 0.15520313 0.25002083 1\n");
  CHECK(text_of(folder / "made/data.yaml") ==
        "train: images\nval: images\n\n"
        "kpt_shape: [3, 3]\nflip_idx: [1, 0, 2]\n\n"
        "names:\n  0: person\n"
        "kpt_names:\n  0: [\"left_knee\", \"right_knee\", \"nose\"]\n\n"
        "image_sizes:\n"
        "  \"clip_000000000000\": [64, 48]\n"
        "  \"clip_000000000003\": [640, 480]\n");
  ConvertConfig config;
  config.inputs = {folder / "made"};
  config.output = folder / "back.jsonl";
  convert_records(config, io::Header{});
  auto got = records_of(text_of(config.output)), want = records_of(kPeople);
  for (auto* records : {&want, &got}) records->front().erase("video");
  CHECK(got == want);
}

TEST_CASE("labels of YOLO lie within the image") {
  const TemporaryFolder folder;
  std::string outside = replaced(kPeople, "[64.0,120.0,128.0,240.0]", "[-64.0,120.0,128.0,240.0]");
  outside = replaced(outside, "[160.0,120.0,1.0]", "[-160.0,120.0,1.0]");
  write(outside, folder);
  CHECK(text_of(folder / "made/labels/clip_000000000003.txt") ==
        "0 0.05 0.5 0.1 0.5 0 0 0 0 0 0 0.15520313 0.25002083 1\n");
}

TEST_CASE("records that YOLO cannot hold") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(
      write(replaced(kPeople, R"("width":64,"height":48,)", ""), folder),
      "a/clip.mp4: frame 0: no size of the image, to which labels of yolo are relative");
  CHECK_THROWS_WITH(
      write(std::string(kPeople) +
                replaced(replaced(kPeople, "\"right_knee\",\"nose\"", "\"nose\",\"right_knee\""),
                         "a/clip", "a/other"),
            folder),
      "a/other.mp4: other joints than the videos before; yolo has the same in all images: use "
      "--joints");
  CHECK(!fs::exists(folder / "made/data.yaml"));
}

TEST_CASE("invalid data sets of YOLO are errors with a line") {
  check_error(replaced(kData, "kpt_shape", "shape"), kLabel,
              "data.yaml: no kpt_shape: [NUMBER, 2 or 3]");
  check_error(replaced(kData, "[2, 3]", "[2, x]"), kLabel, "data.yaml:5: 'x' is not an integer");
  check_error(replaced(kData, "[2, 3]", "[3, 3]"), kLabel,
              "data.yaml: kpt_names: 2 names of 3 keypoints");
  check_error(replaced(kData, "train:", "train"), kLabel, "data.yaml:3: not KEY: VALUE");
  check_error(replaced(kData, "[200, 100]", "[200, 0]"), kLabel,
              "data.yaml:13: not [WIDTH, HEIGHT] of an image");
  check_error(replaced(kData, "image_size: [200, 100]", ""), kLabel,
              "data.yaml: no size of a: labels are relative to it; add image_size: [WIDTH, "
              "HEIGHT]");
  check_error(kData, std::string(kLabel) + "0 1\n", "a.txt:2: 2 numbers instead of 11");
  check_error(kData, replaced(kLabel, "0.25", "nan"), "a.txt:1: 'nan' is not a number");
  ConvertConfig config;
  config.from = "yolo";
  CHECK_THROWS_WITH(read_text("a", "b", config), EndsWith("a: not a directory with data.yaml"));
}
