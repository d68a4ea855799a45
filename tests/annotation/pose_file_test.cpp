// SPDX-License-Identifier: Apache-2.0
#include "annotation/pose_file.h"

#include "annotation/posetrack_names.h"
#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::annotation;
using Catch::Matchers::Message;

namespace {

PoseFile parse(const std::string& text) { return parse_pose_file(text, "a.json"); }

std::string annolist(const std::string& persons, const std::string& more = "") {
  return R"({"annolist":[{"image":[{"name":"x/00000001.jpg"}],"annorect":[)" + persons + "]" +
         more + "}]}";
}

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += (i ? "," : "") + text;
  return all;
}

const std::string kImage = R"({"id":7,"file_name":"images/val/000002_mpii_test/000003.jpg"})";
const std::string kBody = "0,0,0, 1.5,2,1, " + repeated("0,0,0", 15);  // 17 slots, head_bottom set

std::string coco(const std::string& annotations, const std::string& images = kImage,
                 const std::string& more = "") {
  return R"({"annotations":[)" + annotations + R"(],"images":[)" + images + "]" + more + "}";
}
std::string person(const std::string& keypoints, const std::string& more = "") {
  return R"({"image_id":7,"keypoints":[)" + keypoints + "]" + more + "}";
}

}  // namespace

TEST_CASE("an annolist gives frames, persons and lists of points unchanged") {
  const PoseFile file = parse(annolist(
      R"({"track_id":[4],"x1":[1],"y1":[2],"x2":[31],"y2":[42.0],"score":["?"],"annopoints":[{"point":[
          {"id":[3],"x":[5],"y":[6.5],"score":[0.25],"is_visible":["0"]},
          {"id":[3],"x":[7],"y":[8],"is_visible":[0]},
          {"id":[15],"x":[1],"y":[1]}, {"id":null,"x":[2],"y":[1]}, {"id":[null],"x":[3],"y":[1]}
         ]}]},
         {"annopoints":[{"point":[]}]},
         {"annopoints":[]}, {"annopoints":[[]]}, {"annopoints":[{}]}, {"annopoints":{}}, {})",
      R"(,"imgnum":[5],"is_labeled":[1],"ignore_regions":[{"point":[{"x":[1],"y":[2]}]}])"));
  REQUIRE(file.frames.size() == 1);
  const AnnotatedFrame& frame = file.frames[0];
  CHECK(file.form == AnnotationForm::kPoseTrack17);
  CHECK(frame.file_name == "x/00000001.jpg");
  CHECK(frame.index == 4);
  CHECK(frame.labelled == true);
  CHECK_FALSE(frame.image_id);
  CHECK_FALSE(frame.integer_keypoints);
  REQUIRE(frame.ignore_regions.size() == 1);
  CHECK(frame.ignore_regions[0][0].y == 2);
  CHECK(file.place(0) == "a.json: frame 0 (x/00000001.jpg)");

  REQUIRE(frame.persons.size() == 7);
  const AnnotatedPerson& pose = frame.persons[0];
  CHECK(pose.track == 4);
  CHECK(pose.head->size() == 0.6 * 50);
  REQUIRE(pose.joints.size() == 5);
  CHECK(pose.joints[2].index == -1);
  CHECK(pose.joints[3].index == -1);
  CHECK(pose.joints[4].index == -1);
  CHECK(pose.find(3)->y == 6.5);
  CHECK(pose.find(3)->score == 0.25);
  CHECK_FALSE(pose.joints[1].has_score());
  CHECK(pose.joints[1].visibility == 0);
  CHECK(pose.find(0) == nullptr);
  CHECK(frame.persons[1].has_joints);
  for (int i = 2; i < 7; ++i) CHECK_FALSE(frame.persons[i].has_joints);
  CHECK_FALSE(frame.persons[1].track);
  CHECK_FALSE(frame.persons[1].head);
}

TEST_CASE("the image of an annolist may be an object or missing") {
  CHECK(parse(R"({"annolist":[{"image":{"name":"b.jpg"},"annorect":[]}]})").frames[0].file_name ==
        "b.jpg");
  const PoseFile file = parse(R"({"annolist":[{"annorect":[]},{"annorect":[]}]})");
  CHECK(
      parse(R"({"annolist":[{"annorect":[],"imgnum":[-9223372036854775808]}]})").frames[0].index ==
      -1);
  CHECK(file.frames[1].index == 1);
  CHECK(file.place(1) == "a.json: frame 1");
}

TEST_CASE("PoseTrack18: only (0, 0, 0) is absent, ears are skipped") {
  const std::string body = "0,0,1, 3,-2,0, 0,0,0, 9,9,1, 9,9,1, " + repeated("0,0,0", 12);
  const PoseFile file = parse(coco(
      person(body, R"(,"track_id":3,"bbox_head":[1,2,30,40],"scores":[0.5,0.25)" +
                       repeated(",0", 1) + repeated(",0", 1) + "," + repeated("0", 13) + "]")));
  CHECK(file.form == AnnotationForm::kCoco);
  const AnnotatedFrame& frame = file.frames[0];
  CHECK(frame.image_id == 7);
  CHECK(frame.index == 3);
  CHECK(frame.integer_keypoints);
  REQUIRE(frame.persons.size() == 1);
  const AnnotatedPerson& pose = frame.persons[0];
  CHECK(pose.track == 3);
  CHECK(pose.head->right == 31);
  CHECK(pose.head->bottom == 42);
  REQUIRE(pose.joints.size() == 2);
  CHECK(pose.find(13)->x == 0);
  CHECK(pose.find(13)->score == 0.5);
  CHECK(pose.find(12)->y == -2);
  CHECK(pose.find(12)->visibility == 0);
  CHECK(pose.find(12)->score == 0.25);
}

TEST_CASE("PoseTrack18: a number with a decimal point makes a frame's keypoints non-integer") {
  CHECK_FALSE(parse(coco(person(kBody))).frames[0].integer_keypoints);
  const std::string whole = repeated("1,2,1", 17);
  CHECK(parse(coco(person(whole))).frames[0].integer_keypoints);
  CHECK_FALSE(parse(coco(person(whole) + "," + person("1.0,2,1," + repeated("1,2,1", 16))))
                  .frames[0]
                  .integer_keypoints);
}

TEST_CASE("PoseTrack18: the category's names determine the slots") {
  std::string names;
  for (const auto name : kPoseJointNames) {
    names += (names.empty() ? "\"" : ",\"") + std::string(name) + '"';
  }
  const auto category = [](const std::string& text, const char* name = "person") {
    return R"(,"categories":[{"name":")" + std::string(name) + R"(","keypoints":[)" + text + "]}]";
  };
  const PoseFile file =
      parse(coco(person("4,5,1," + repeated("0,0,0", 14)), kImage, category(names)));
  CHECK(file.frames[0].persons[0].find(0)->x == 4);
  CHECK_FALSE(file.frames[0].persons[0].find(0)->has_score());
  CHECK(parse(coco(person("4,5,1," + repeated("0,0,0", 14)), kImage, category(names, "Athlete")))
            .frames[0]
            .persons[0]
            .find(0)
            ->x == 4);
  CHECK_THROWS_MATCHES(parse(coco("", kImage, category(names + ",\"nose\",\"left_ear\""))), Error,
                       Message("a.json: categories[0].keypoints: duplicate joint nose"));
  CHECK_THROWS_MATCHES(parse(coco("", kImage, category("\"nose\""))), Error,
                       Message("a.json: categories[0].keypoints: neither 15 nor 17 names"));
  CHECK_THROWS_MATCHES(parse(coco("", kImage, R"(,"categories":[])")), Error,
                       Message("a.json: categories: no category \"person\""));
  // Of several categories, the one with keypoints is people.
  const PoseFile several = parse(coco(
      person("4,5,1," + repeated("0,0,0", 14)).insert(1, R"("category_id":7,)") +
          R"(,{"id":1,"image_id":7,"category_id":0,"bbox":[1,2,3,4]})",
      kImage,
      R"(,"categories":[{"id":0,"name":"people","keypoints":[]},{"id":7,"name":"Player","keypoints":[)" +
          names + "]}]"));
  REQUIRE(several.frames[0].persons.size() == 1);
  CHECK(several.frames[0].persons[0].find(0)->x == 4);
}

TEST_CASE("PoseTrack18: the shorter list of coordinates limits the regions") {
  const auto image = [](const std::string& regions) {
    return R"({"id":7,"file_name":"a.jpg","frame_id":12,"is_labeled":false)" + regions + "}";
  };
  const PoseFile file =
      parse(coco("", image(R"(,"ignore_regions_x":[[0,1,2],[5]],"ignore_regions_y":[[3,4,5]])")));
  CHECK(file.frames[0].index == 12);
  CHECK(file.frames[0].labelled == false);
  REQUIRE(file.frames[0].ignore_regions.size() == 1);
  CHECK(file.frames[0].ignore_regions[0][2].x == 2);
  CHECK(file.frames[0].ignore_regions[0][2].y == 5);
  CHECK(
      parse(coco("", image(R"(,"ignore_regions_x":[[0,1,2]])"))).frames[0].ignore_regions.empty());
}

TEST_CASE("names of sequences and videos") {
  CHECK(sequence_of_file("gt/000002_mpii_test.v2.json") == "000002_mpii_test");
  CHECK(video_key("images/val/000002_mpii_test/000003.jpg") == "000002");
  CHECK(video_key("000002_mpii/000003.jpg") == "000002");
  CHECK(video_key("000003.jpg") == "");
}

TEST_CASE("errors name the place") {
  const auto check = [](const std::string& text, const std::string& message) {
    CHECK_THROWS_MATCHES(parse(text), Error, Message(message));
  };
  check("", "a.json: empty");
  check("5", "a.json: not an object");
  check("[]",
        "a.json: a list of results, not PoseTrack's form; vremd-convert --to posetrack18 "
        "--images TRUTH");
  check("{}", "a.json: neither annolist nor images");
  check("{\"annolist\":[\n", "a.json:2: not valid JSON: unexpected end of input");
  check("{\"annolist\":\n[nan]}", "a.json:2: not valid JSON at column 3");
  check(R"({"annolist":{}})", "a.json: annolist: not an array");
  check(R"({"annolist":[{}]})", "a.json: annolist[0]: no annorect");
  check(R"({"annolist":[{"annorect":[5]}]})", "a.json: annolist[0].annorect[0]: not an object");
  check(annolist(R"({"track_id":[1.5]})"),
        "a.json: annolist[0].annorect[0].track_id: not an integer");
  check(annolist(R"({"track_id":[99999999999999999999]})"),
        "a.json: not valid JSON: Problem while parsing a number");
  check(annolist(R"({"track_id":[9999999999999999999]})"),
        "a.json: annolist[0].annorect[0].track_id: too large");
  check(annolist(R"({"track_id":[1],"track_id":[2]})"),
        "a.json: annolist[0].annorect[0].track_id: duplicate key");
  check(annolist(R"({"x1":[0],"y1":[0],"x2":[1]})"), "a.json: annolist[0].annorect[0]: no y2");
  const std::string point = "a.json: annolist[0].annorect[0].annopoints[0].point";
  check(annolist(R"({"annopoints":[{"point":7}]})"), point + ": not an array");
  check(annolist(R"({"annopoints":[{"point":[{"id":[0],"x":[1]}]}]})"), point + "[0]: no y");
  check(annolist(R"({"annopoints":[{"point":[{"id":[0],"x":1,"y":[1]}]}]})"),
        point + "[0].x: not an array");
  check(annolist(R"({"annopoints":[{"point":[{"id":[0],"x":["1"],"y":[1]}]}]})"),
        point + "[0].x: not a number");
  check(R"({"images":[]})", "a.json: no annotations");
  check(coco("", kImage + "," + kImage), "a.json: images[1].id: duplicate id 7");
  check(coco(R"({"image_id":8,"keypoints":[)" + kBody + "]}"),
        "a.json: annotations[0].image_id: 8 is not among the images");
  check(coco(R"({"image_id":7})"), "a.json: annotations[0]: no keypoints");
  check(coco(person("1,2")),
        "a.json: annotations[0].keypoints: 2 numbers instead of 51 (x, y, v of 17 joints)");
  check(coco(person(kBody, R"(,"scores":[1])")),
        "a.json: annotations[0].scores: 1 numbers instead of 17");
  check(coco(person(kBody, R"(,"bbox_head":[1])")),
        "a.json: annotations[0].bbox_head: not an array of 4 numbers");
  check(coco("", R"({"id":1,"ignore_regions_x":[[1]],"ignore_regions_y":[[]]})"),
        "a.json: images[0].ignore_regions_x[0]: not as long as ignore_regions_y[0]");
}

TEST_CASE("a byte order mark and carriage returns are accepted") {
  CHECK(parse("\xef\xbb\xbf{\r\n\"annolist\":[]}\r\n").frames.empty());
}
