// SPDX-License-Identifier: Apache-2.0
#include "annotation/annotations.h"

#include "annotation/pose_file.h"
#include "annotation/record_translation.h"
#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace vremd;
using namespace vremd::annotation;
using Catch::Matchers::ContainsSubstring;

namespace {

Annotations parse(const std::string& text) { return Annotations::parse(text, "a.json", "root"); }

std::string file(const std::string& images, const std::string& annotations,
                 const std::string& categories = "[]") {
  return R"({"images":[)" + images + R"(],"annotations":[)" + annotations + R"(],"categories":)" +
         categories + "}";
}

const std::string kStill = R"({"id":5,"file_name":"images/photo.jpg"})";

std::string zeros(int count) {
  std::string text = "0";
  for (int i = 1; i < count; ++i) text += ",0";
  return "[" + text + "]";
}

}  // namespace

TEST_CASE("a file of PoseTrack18: one folder, global frame numbers, ignore regions") {
  const Annotations all = parse(file(
      R"({"id":10128340001,"file_name":"images/val/012834_mpii_test/000001.jpg","vid_id":"012834",
          "frame_id":10128340001,"nframes":3,"is_labeled":false,"mask_file":"m.png"},
         {"id":10128340000,"file_name":"images/val/012834_mpii_test/000000.jpg","vid_id":"012834",
          "frame_id":10128340000,"nframes":3,"is_labeled":true,
          "ignore_regions_x":[[0,1,1],[5,6,6],[7]],"ignore_regions_y":[[0,0,1],[5,5,6]]})",
      R"({"id":1012834000000,"image_id":10128340000,"track_id":4,"category_id":1,
          "bbox":[1,2,3,4],"bbox_head":[1,2,3,-4.5],"scores":[],"keypoints":)" +
          zeros(51) + "}",
      R"([{"id":1,"name":"person","keypoints":["nose","head_bottom","head_top","left_ear",
          "right_ear","left_shoulder","right_shoulder","left_elbow","right_elbow","left_wrist",
          "right_wrist","left_hip","right_hip","left_knee","right_knee","left_ankle",
          "right_ankle"]}])"));
  CHECK(all.joints.name == "posetrack17");
  REQUIRE(all.videos.size() == 1);
  const AnnotatedVideo& video = all.videos[0];
  CHECK(video.id == "012834");
  CHECK(video.source == VideoSource::kFolder);
  CHECK(video.path == "root/images/val/012834_mpii_test");
  REQUIRE(video.frames.size() == 2);
  CHECK(video.frames[0].index == 0);
  CHECK(video.frames[1].index == 1);
  CHECK(video.frames[0].image_id == 10128340000);
  CHECK(video.frames[0].labelled == true);
  CHECK(video.frames[1].labelled == false);
  CHECK(video.picture(video.frames[1]) == "root/images/val/012834_mpii_test/000001.jpg");
  REQUIRE(video.frames[0].ignore_regions.size() == 2);
  CHECK(video.frames[0].ignore_regions[1][2].y == 6);
  REQUIRE(video.frames[0].persons.size() == 1);
  const AnnotatedPerson& person = video.frames[0].persons[0];
  CHECK(person.track == 4);
  CHECK(person.head->box.h == -4.5);
  CHECK(person.head->bottom == -2.5);
  CHECK(person.has_joints);
  CHECK(person.joints.empty());
  CHECK_FALSE(person.area);
}

TEST_CASE("PoseTrack17 as a data set: bare values, the first of duplicate ids, no unknown ids") {
  const Annotations all = parse(
      R"({"annolist":[{"image":{"name":"images/v/00000003.jpg"},"is_labeled":1,"annorect":[
          {"track_id":4,"x1":[1],"y1":[2],"x2":[31],"y2":[42.5],"annopoints":[{"point":[
            {"id":[3],"x":[5],"y":[6.5],"is_visible":[0]},{"id":[3],"x":[7],"y":[8]},
            {"id":[0],"x":[15],"y":[26.5]},{"id":[15],"x":[1]}]}]},
          {"x1":[1],"y1":[2],"x2":[31],"y2":[42.5]}]},
         {"image":[{"name":"images/v/00000005.jpg"}]}]})");
  CHECK(all.form == AnnotationForm::kPoseTrack17);
  CHECK(all.joints.name == "posetrack15");
  REQUIRE(all.videos.size() == 1);
  const AnnotatedVideo& video = all.videos[0];
  CHECK(video.id == "v");
  CHECK(video.path == "root/images/v");
  REQUIRE(video.frames.size() == 2);
  CHECK(video.frames[0].index == 2);
  CHECK(video.frames[0].labelled == true);
  CHECK_FALSE(video.frames[1].labelled);
  CHECK(video.picture(video.frames[1]) == "root/images/v/00000005.jpg");
  const auto& persons = video.frames[0].persons;
  REQUIRE(persons.size() == 2);
  REQUIRE(persons[0].joints.size() == 2);
  CHECK(persons[0].track == 4);
  CHECK(persons[0].joints[0].index == all.joints.index("left_hip"));
  CHECK(persons[0].joints[0].labelled);  // though hidden
  CHECK(persons[0].box->w == 13);
  CHECK(persons[0].head->box.h == 40.5);
  CHECK(persons[0].head->bottom == 42.5);
  CHECK(persons[1].box->x == 1);  // that of the head
  CHECK_THROWS_WITH(parse(R"({"annolist":[{"image":[{"name":"a/1.jpg"}],"imgnum":[0]}]})"),
                    "a.json: annolist[0].imgnum: not positive");
  CHECK_THROWS_WITH(parse(R"({"annolist":[{}]})"), "a.json: annolist[0]: no image");

  const io::Header header = header_of(video, all);
  CHECK(header.video == "root/images/v");
  CHECK_FALSE(header.vid_id);
  const io::FrameRecord record = record_of(video.frames[0], video, all, header);
  CHECK(record.file == "00000003.jpg");
  CHECK(record.labelled == true);
  const io::Instance& one = record.instances.at(0);
  REQUIRE(one.keypoints.size() == 15);
  CHECK(one.keypoints[all.joints.index("left_hip")].score == 0);
  CHECK(one.visibility[all.joints.index("right_ankle")] == 1);
  CHECK(record.instances.at(1).keypoints.empty());
  const AnnotatedPerson again = person_of(one, pose_joints(all.joints.joints));
  REQUIRE(again.joints.size() == 2);
  CHECK(again.joints[0].index == pose_joint("left_hip"));
}

TEST_CASE("one file with stills and frames of a video") {
  const Annotations all = parse(file(
      R"({"id":1,"file_name":"a/1.jpg","vid_id":"s1","frame_id":0,"nframes":1,"width":8,"height":6},
         {"id":2,"file_name":"videos/v.avi","vid_id":"v","frame_id":7,"nframes":9},
         {"id":3,"file_name":"a/2.jpg","vid_id":"s2","frame_id":0,"nframes":1},
         {"id":4,"file_name":"videos/v.avi","vid_id":"v","frame_id":3,"nframes":9})",
      R"({"id":1,"image_id":4,"bbox":[1,2,3,4],"iscrowd":1,"flip_dist":[0.5]},
         {"id":2,"image_id":4,"bbox_score":0.5,"area":12.5,"bbox":null},
         {"id":3,"image_id":1})"));
  REQUIRE(all.videos.size() == 3);
  CHECK(all.videos[0].source == VideoSource::kStill);
  CHECK(all.videos[0].path == "root/a/1.jpg");
  CHECK(all.videos[0].picture(all.videos[0].frames[0]) == "root/a/1.jpg");
  CHECK(all.videos[0].frames[0].width == 8);
  const AnnotatedVideo& video = all.videos[1];
  CHECK(video.source == VideoSource::kVideoFile);
  CHECK(video.path == "root/videos/v.avi");
  REQUIRE(video.frames.size() == 2);
  CHECK(video.frames[0].index == 3);
  const auto& persons = video.frames[0].persons;
  REQUIRE(persons.size() == 2);
  CHECK(persons[0].crowd);
  CHECK(persons[0].other["flip_dist"][0] == 0.5);
  CHECK(persons[1].box_score == 0.5);
  CHECK(persons[1].area == 12.5);
  CHECK_FALSE(persons[1].box);
  CHECK(persons[1].joints.empty());
  CHECK(persons[1].place == "a.json: annotations[1]");
}

TEST_CASE("files without vid_id: COCO's stills, and folders named as in PoseTrack") {
  const Annotations coco = parse(
      file(R"({"id":9,"file_name":"000000000009.jpg"})", "",
           R"([{"id":3,"name":"dog"},{"id":1,"name":"person","keypoints":["nose","left_eye"]}])"));
  CHECK(coco.videos[0].id == "000000000009");
  CHECK(coco.videos[0].source == VideoSource::kStill);
  CHECK(coco.videos[0].frames[0].index == 0);
  CHECK(coco.joints.joints == std::vector<std::string>{"nose", "left_eye"});

  const Annotations folder = parse(file(
      R"({"id":1,"file_name":"images/012834_mpii_test/000004.jpg"},
         {"id":2,"file_name":"images/012834_mpii_test/000002.jpg"})",
      ""));
  REQUIRE(folder.videos.size() == 1);
  CHECK(folder.videos[0].id == "012834_mpii_test");
  CHECK(folder.videos[0].frames[0].index == 2);
  CHECK(folder.videos[0].source == VideoSource::kFolder);
}

TEST_CASE("one name in several folders") {
  const Annotations all = parse(file(
      R"({"id":1,"file_name":"a/0001.jpg"},{"id":2,"file_name":"b/0001.jpg"},
         {"id":3,"file_name":"b/0001.png"},{"id":4,"file_name":"b/0002.jpg"},
         {"id":5,"file_name":"train/000001_mpii/000002.jpg"},
         {"id":6,"file_name":"val/000001_mpii/000002.jpg","vid_id":""},
         {"id":7,"file_name":"x/img.jpg","video_id":7,"frame_id":0},
         {"id":8,"file_name":"x/img2.jpg","video_id":7,"frame_id":1})",
      R"({"id":1,"image_id":2,"bbox":[1,2,3,4]})"));
  std::vector<std::string> ids, paths;
  for (const AnnotatedVideo& video : all.videos) {
    ids.push_back(video.id);
    paths.push_back(video.path);
  }
  CHECK(ids == std::vector<std::string>{"a/0001.jpg", "b/0001.jpg", "b/0001.png", "0002",
                                        "train/000001_mpii", "val/000001_mpii", "7"});
  CHECK(paths == std::vector<std::string>{"root/a/0001.jpg", "root/b/0001.jpg", "root/b/0001.png",
                                          "root/b/0002.jpg", "root/train/000001_mpii",
                                          "root/val/000001_mpii", "root/x"});
  CHECK(all.videos[1].frames[0].persons.size() == 1);
  CHECK(all.videos[6].frames.size() == 2);
}

TEST_CASE("annotations of other categories are skipped") {
  const std::string categories = R"([{"id":3,"name":"dog"},{"id":1,"name":"person"}])";
  const Annotations all = parse(file(kStill, R"({"image_id":5,"category_id":3},
      {"image_id":5,"category_id":1,"id":8},{"image_id":5,"id":9})",
                                     categories));
  REQUIRE(all.videos[0].frames[0].persons.size() == 2);
  CHECK(all.videos[0].frames[0].persons[0].id == 8);
  CHECK_THROWS_WITH(parse(file(kStill, R"({"image_id":5,"category_id":2})", categories)),
                    "a.json: annotations[0].category_id: 2 is not among the categories");
}

TEST_CASE("errors name the place in the file") {
  struct Case {
    std::string text, message;
  };
  const auto person = [](const std::string& rest) {
    return file(kStill, R"({"image_id":5,)" + rest + "}");
  };
  const Case c = GENERATE_COPY(values<Case>({
      {"[]", "a.json: not an object with images and annotations, or an annolist"},
      {R"({"annotations":[]})", "a.json: no images"},
      {R"({"images":[],"annotations":{}})", "a.json: annotations: not an array"},
      {file("5", ""), "a.json: images[0]: not an object"},
      {file(R"({"file_name":"a.jpg"})", ""), "a.json: images[0]: no id"},
      {file(R"({"id":"x","file_name":"a.jpg"})", ""), "a.json: images[0].id: not an integer"},
      {file(R"({"id":18446744073709551615,"file_name":"a.jpg"})", ""),
       "a.json: images[0].id: too large"},
      {file(R"({"id":1,"file_name":""})", ""), "a.json: images[0].file_name: empty"},
      {file(R"({"id":1,"file_name":"a.avi"})", ""), "a.json: images[0]: no frame_id"},
      {file(R"({"id":1,"file_name":"a.avi","frame_id":-1})", ""),
       "a.json: images[0].frame_id: negative"},
      {file(R"({"id":1,"file_name":"a/x.jpg","vid_id":"v"})", ""),
       "a.json: images[0]: neither frame_id nor file_name gives a frame number"},
      {file(R"({"id":1,"file_name":"a.jpg","width":-2})", ""),
       "a.json: images[0].width: not a size"},
      {file(kStill + "," + kStill, ""), "a.json: images[1].id: duplicate id 5"},
      {file(R"({"id":1,"file_name":"a.avi","frame_id":3},
               {"id":2,"file_name":"a.avi","frame_id":3})",
            ""),
       "a.json: video a.avi: images 1 and 2 are both frame 3"},
      {file(R"({"id":1,"file_name":"a/0.jpg","vid_id":"v"},
               {"id":2,"file_name":"b/1.jpg","vid_id":"v"})",
            ""),
       "a.json: video v: a/0.jpg and b/1.jpg are not in the same folder"},
      {file(kStill, R"({"image_id":6})"),
       "a.json: annotations[0].image_id: 6 is not among the images"},
      {person(R"("id":1,"id":2)"), "a.json: annotations[0].id: duplicate key"},
      {person(R"("bbox":[1,2,3])"), "a.json: annotations[0].bbox: not an array of 4 numbers"},
      {person(R"("bbox":[1,2,3,"4"])"), "a.json: annotations[0].bbox[3]: not a number"},
      {person(R"("track_id":1.5)"), "a.json: annotations[0].track_id: not an integer"},
      {person(R"("iscrowd":"no")"), "a.json: annotations[0].iscrowd: not true or false"},
      {person(R"("scores":[1])"), "a.json: annotations[0].scores: 1 numbers instead of 17"},
      {person(R"("keypoints":[0,0,0])"),
       "a.json: annotations[0].keypoints: 3 numbers instead of 51 (x, y, v of 17 joints)"},
      {file(kStill, "", R"([{"id":1,"name":"dog"}])"),
       "a.json: categories: no category \"person\""},
      {file(kStill, "", R"([{"id":1,"name":"person","keypoints":["nose","nose"]}])"),
       "a.json: categories[0].keypoints: duplicate joint nose"},
      {file(R"({"id":1,"file_name":"a.jpg",
                "ignore_regions_x":[[1,2]],"ignore_regions_y":[[1]]})",
            ""),
       "a.json: images[0].ignore_regions_x[0]: not as long as ignore_regions_y[0]"},
  }));
  CAPTURE(c.text);
  CHECK_THROWS_WITH(parse(c.text), c.message);
}

TEST_CASE("the lists of a file may be in any order") {
  const std::string path =
      std::filesystem::temp_directory_path() / ("vremd_json_" + std::to_string(getpid()));
  const std::string images =
      R"("images":[{"id":5,"file_name":"a.jpg"},{"id":4,"file_name":"b.jpg"}])";
  const std::string annotations =
      R"("annotations":[{"id":1,"image_id":4,"category_id":7,"keypoints":[1,2,2]},
          {"id":2,"image_id":4,"category_id":9,"keypoints":[1,2,3,4]},
          {"id":3,"image_id":5,"category_id":7,"keypoints":[3,4,1]}])";
  const std::string categories =
      R"("categories":[{"id":7,"name":"person","keypoints":["nose"]},{"id":9,"name":"dog"}])";
  const std::vector<std::string> orders = {images + "," + annotations + "," + categories,
                                           annotations + "," + images + "," + categories,
                                           categories + "," + annotations + "," + images};
  for (const std::string& lists : orders) {
    const std::string text = "{" + lists + "}";
    std::ofstream(path) << text;
    for (const Annotations& all : {Annotations::read(path, "root"), parse(text)}) {
      CHECK(all.joints.joints == std::vector<std::string>{"nose"});
      REQUIRE(all.videos.size() == 2);
      CHECK(all.videos[0].path == "root/a.jpg");
      REQUIRE(all.videos[0].frames[0].persons.size() == 1);
      CHECK(all.videos[0].frames[0].persons[0].id == 3);
      REQUIRE(all.videos[1].frames[0].persons.size() == 1);  // without the dog
      CHECK(all.videos[1].frames[0].persons[0].joints[0].visibility == 2);
    }
  }
  std::ofstream(path) << "[1]";
  CHECK_THROWS_WITH(Annotations::read(path), ContainsSubstring(": not an object with images"));
  std::ofstream(path) << R"({"images":5,"annotations":[]})";
  CHECK_THROWS_WITH(Annotations::read(path), ContainsSubstring(": images: not an array"));
  std::filesystem::remove(path);
}
