// SPDX-License-Identifier: Apache-2.0
#include "data/train_set.h"

#include "core/error.h"
#include "core/log.h"
#include "make_clip.h"
#include "video/writer.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace vremd;
using namespace vremd::data;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

struct Folder {
  std::string path = fs::temp_directory_path() / ("vremd_train_set_" + std::to_string(getpid()));
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
    set_log("test", LogLevel::kError);
  }
  ~Folder() { fs::remove_all(path); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path) / fs::path(name).parent_path());
    std::ofstream(fs::path(path) / name) << text;
  }
  // A grey picture whose first value is its number.
  void picture(const std::string& name, int number) const {
    fs::create_directories(fs::path(path) / fs::path(name).parent_path());
    Frame frame;
    frame.width = 64;
    frame.height = 48;
    frame.rgb.assign(3 * 64 * 48, static_cast<std::uint8_t>(number));
    video::write_picture(fs::path(path) / name, frame);
  }
};

int number_of(const FramePtr& frame) { return frame->rgb[0]; }

// One labelled frame, number 5 of a folder; 4 and 6 are not listed.
constexpr const char* kPoseTrack18 = R"({
  "images": [{"id": 10001110005, "file_name": "images/train/000111_mpii/000005.jpg",
              "frame_id": 10001110005, "vid_id": "000111", "nframes": 20, "is_labeled": true,
              "width": 64, "height": 48}],
  "annotations": [
    {"id": 1, "image_id": 10001110005, "category_id": 1, "bbox": [-4, 10, 40, 60],
     "keypoints": [20,20,1, 99,9,1, 21,12,1, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0,
                   0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0], "scores": []},
    {"id": 2, "image_id": 10001110005, "category_id": 1, "bbox": [70, 10, 5, 5],
     "keypoints": [71,12,1, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0,
                   0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0], "scores": []}],
  "categories": []})";

}  // namespace

TEST_CASE("PoseTrack18 as downloaded: boxes are clipped, neighbours found by number") {
  const Folder folder;
  folder.write("annotations/train/000111_mpii.json", kPoseTrack18);
  for (const int n : {4, 5}) {
    folder.picture(fmt::format("images/train/000111_mpii/{:06}.jpg", n), 40 * n);
  }
  TrainDataConfig data;
  data.dataset = "posetrack18";
  data.root = folder.path;
  TrainSet set({data}, joint_set("posetrack15"));
  REQUIRE(set.samples().size() == 1);
  CHECK(set.counts()[0].outside == 1);  // the second person's box
  CHECK(set.counts()[0].labels[0] == 1);
  CHECK(set.counts()[0].labels_outside == 1);  // x = 99 of 64
  CHECK(set.counts()[0].labels[1] == 0);
  const TrainSample& sample = set.samples()[0];
  // METHOD 1.1: x2 = min(W - 1, max(0, x) + w - 1) and likewise y2.
  CHECK(sample.box.x == 0);
  CHECK(sample.box.w == 39);
  CHECK(sample.box.y == 10);
  CHECK(sample.box.h == 37);
  CHECK_FALSE(set.is_still(sample));
  const auto frames = set.frames(sample).frames;
  CHECK(number_of(frames[1]) == Approx(200).margin(2));
  CHECK(number_of(frames[0]) == Approx(160).margin(2));
  CHECK(frames[2] == frames[1]);  // 000006.jpg does not exist: the key frame
  CHECK(set.missing_files(5).lines.empty());
}

TEST_CASE("boxes are clipped to the picture if the file has no sizes") {
  const Folder folder;
  Json listed = Json::parse(kPoseTrack18);
  listed["images"][0].erase("width");
  listed["images"][0].erase("height");
  folder.write("annotations/train/000111_mpii.json", listed.dump());
  TrainDataConfig data;
  data.dataset = "posetrack18";
  data.root = folder.path;
  {
    const TrainSet unread(
        {data}, joint_set("posetrack15"));  // a missing picture is reported when it is loaded
    CHECK(unread.samples().size() == 2);
  }
  folder.picture("images/train/000111_mpii/000005.jpg", 200);  // 64 x 48
  const TrainSet set({data}, joint_set("posetrack15"));
  REQUIRE(set.samples().size() == 1);
  CHECK(set.counts()[0].outside == 1);
  CHECK(set.counts()[0].labels_outside == 1);
  CHECK(set.samples()[0].box.x == 0);
  CHECK(set.samples()[0].box.w == 39);
  CHECK(set.samples()[0].box.h == 37);
  data.sanitise_boxes = false;
  CHECK(TrainSet({data}, joint_set("posetrack15")).samples()[0].box.x == -4);
}

TEST_CASE("a neighbour missing inside a video is an error or replaced by the key frame") {
  const Folder folder;
  Json listed = Json::parse(kPoseTrack18);
  Json next = listed["images"][0];
  next["id"] = next["frame_id"] = 10001110006;
  next["file_name"] = "images/train/000111_mpii/000006.jpg";
  listed["images"].push_back(next);
  folder.write("annotations/train/000111_mpii.json", listed.dump());
  folder.picture("images/train/000111_mpii/000005.jpg", 200);
  TrainDataConfig data;
  data.dataset = "posetrack18";
  data.root = folder.path;
  TrainSet set({data}, joint_set("posetrack15"));
  CHECK_THROWS_WITH(set.frames(set.samples()[0]), ContainsSubstring("000006.jpg: no such file"));
  REQUIRE(set.missing_files(5).lines.size() == 1);
  CHECK(set.missing_files(5, {}).lines.empty());
  TrainSet alone({data}, joint_set("posetrack15"), /*neighbours=*/false);
  CHECK(alone.frames(alone.samples()[0]).frames[2] == alone.key_frame(alone.samples()[0]));
  CHECK(alone.missing_files(5).lines.empty());
  data.missing = MissingNeighbour::kKeyFrame;
  TrainSet lenient({data}, joint_set("posetrack15"));
  const auto frames = lenient.frames(lenient.samples()[0]);
  CHECK(frames.frames[2] == frames.frames[1]);
  CHECK(frames.substituted == 1);  // the end of the video does not count
  CHECK(lenient.missing_files(5).lines.empty());
  CHECK(lenient.missing_files(5).substituted == 1);

  // An invalid picture.
  folder.write("images/train/000111_mpii/000006.jpg", "cut off");
  CHECK_THROWS_WITH(set.frames(set.samples()[0]),
                    ContainsSubstring("000006.jpg: ") && ContainsSubstring("a neighbour of frame"));
  CHECK(lenient.frames(lenient.samples()[0]).substituted == 1);
  // An unreadable file is an error.
  fs::remove(folder.path + "/images/train/000111_mpii/000006.jpg");
  fs::create_directory(folder.path + "/images/train/000111_mpii/000006.jpg");
  CHECK_THROWS_WITH(lenient.frames(lenient.samples()[0]), ContainsSubstring("not a file"));
  fs::remove(folder.path + "/images/train/000111_mpii/000006.jpg");
  // A file name without a number.
  listed["images"][0]["file_name"] = "images/train/000111_mpii/a.jpg";
  listed["images"][0]["frame_id"] = 5;
  listed["images"][1]["frame_id"] = 9;
  folder.write("annotations/train/000111_mpii.json", listed.dump());
  folder.picture("images/train/000111_mpii/a.jpg", 200);
  data.missing = MissingNeighbour::kError;
  TrainSet unnumbered({data}, joint_set("posetrack15"));
  CHECK_THROWS_WITH(unnumbered.frames(unnumbered.samples()[0]),
                    ContainsSubstring("a.jpg: no number that names its neighbours"));
}

TEST_CASE("neighbours of a different size are not used") {
  const Folder folder;
  folder.write("annotations/train/000111_mpii.json", kPoseTrack18);
  folder.picture("images/train/000111_mpii/000005.jpg", 200);
  Frame small;
  small.width = small.height = 16;
  small.rgb.assign(3 * 16 * 16, 100);
  video::write_picture(folder.path + "/images/train/000111_mpii/000006.jpg", small);
  TrainDataConfig data;
  data.dataset = "posetrack18";
  data.root = folder.path;
  TrainSet set({data}, joint_set("posetrack15"));
  const auto frames = set.frames(set.samples()[0]);
  CHECK(frames.frames[2] == frames.frames[1]);
  CHECK(frames.substituted == 1);
}

TEST_CASE("PoseTrack17 annolists") {
  const Folder folder;
  folder.write("annotations/train/v.json", R"({"annolist": [
    {"image": [{"name": "images/bonn/v/00000001.jpg"}], "imgnum": [1], "is_labeled": [1],
     "annorect": [{"x1": [10], "y1": [5], "x2": [20], "y2": [15], "track_id": [3], "annopoints":
       [{"point": [{"id": [0], "x": [30], "y": [40], "is_visible": [0]},
                   {"id": [14], "x": [10], "y": [20], "is_visible": [1]}]}]}]},
    {"image": [{"name": "images/bonn/v/00000002.jpg"}], "imgnum": [2], "annorect": []}]})");
  folder.picture("images/bonn/v/00000001.jpg", 10);
  folder.picture("images/bonn/v/00000002.jpg", 90);
  TrainDataConfig data;
  data.dataset = "posetrack17";
  data.root = folder.path;
  TrainSet set({data}, joint_set("posetrack15"));
  REQUIRE(set.samples().size() == 1);
  const TrainSample& sample = set.samples()[0];
  const int ankle = set.joints().index("right_ankle"), head = set.joints().index("head_top");
  CHECK(sample.joints[ankle].weight == 1);  // hidden, but annotated
  CHECK(sample.joints[ankle].x == 30);
  CHECK(sample.joints[head].y == 20);
  // The extent of the joints, padded by 15 % on each side, minus one (METHOD 1.1).
  CHECK(sample.box.x == Approx(10 - 0.15 * 20));
  CHECK(sample.box.h == Approx(1.3 * 20 - 1));
  const auto frames = set.frames(sample).frames;
  CHECK(frames[0] == frames[1]);
  CHECK(number_of(frames[2]) == Approx(90).margin(2));
}

TEST_CASE("PoseTrack21 as downloaded: root is the download or its data/") {
  const Folder folder;
  folder.write("data/posetrack_data/train/000001_bonn_train.json", R"({
    "images": [{"id": 10000010000, "image_id": 10000010000, "vid_id": "000001", "nframes": 2,
                "file_name": "images/train/000001_bonn/000000.jpg", "is_labeled": true},
               {"id": 10000010001, "image_id": 10000010001, "vid_id": "000001", "nframes": 2,
                "file_name": "images/train/000001_bonn/000001.jpg", "is_labeled": true}],
    "annotations": [
      {"id": 1000001000000, "image_id": 10000010000, "person_id": 7, "track_id": 0,
       "category_id": 1, "bbox": [5, 6, 30, 40], "bbox_head": [10, 8, 9, 9],
       "keypoints": [20,20,1, 18,22,1, 21,12,1, 0,0,0, 0,0,0, 25,25,1, 0,0,0, 0,0,0, 0,0,0, 0,0,0,
                     0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0]},
      {"id": 1000001000100, "image_id": 10000010001, "person_id": 7, "track_id": 0,
       "category_id": 1, "bbox": [6, 6, 30, 40], "bbox_head": [11, 8, 9, 9],
       "keypoints": [21,20,1, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0,
                     0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0]}],
    "categories": [{"id": 1, "name": "person", "keypoints": ["nose", "head_bottom", "head_top",
      "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
      "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee",
      "left_ankle", "right_ankle"]}]})");
  folder.picture("data/images/train/000001_bonn/000000.jpg", 20);
  folder.picture("data/images/train/000001_bonn/000001.jpg", 120);
  for (const char* root : {"", "data"}) {
    TrainDataConfig data;
    data.dataset = "posetrack21";
    data.root = fs::path(folder.path) / root;
    TrainSet set({data}, joint_set("posetrack15"));
    REQUIRE(set.samples().size() == 2);
    CHECK(set.counts()[0].videos == 1);
    const TrainSample& first = set.samples()[0];
    CHECK(first.box.w == 29);
    CHECK(first.joints[set.joints().index("head_top")].y == 12);
    CHECK(first.joints[set.joints().index("left_shoulder")].x == 25);
    const auto frames = set.frames(first).frames;
    CHECK(frames[0] == frames[1]);  // the beginning of the video
    CHECK(number_of(frames[2]) == Approx(120).margin(2));
    CHECK(set.missing_files(5).lines.empty());
  }
}

TEST_CASE("COCO person keypoints are stills; unknown joints are skipped") {
  const Folder folder;
  folder.write("annotations/person_keypoints_train2017.json", R"({
    "images": [{"id": 9, "file_name": "000000000009.jpg", "width": 64, "height": 48}],
    "annotations": [{"id": 5, "image_id": 9, "category_id": 1, "iscrowd": 0, "area": 100,
      "bbox": [2, 3, 30, 40], "num_keypoints": 2,
      "keypoints": [10,11,2, 12,10,2, 0,0,0, 0,0,0, 0,0,0, 20,21,1, 0,0,0, 0,0,0, 0,0,0, 0,0,0,
                    0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0]}],
    "categories": [{"id": 1, "name": "person", "keypoints": ["nose","left_eye","right_eye",
      "left_ear","right_ear","left_shoulder","right_shoulder","left_elbow","right_elbow",
      "left_wrist","right_wrist","left_hip","right_hip","left_knee","right_knee","left_ankle",
      "right_ankle"]}]})");
  folder.picture("train2017/000000000009.jpg", 77);
  TrainDataConfig data;
  data.dataset = "coco";
  data.root = folder.path;
  TrainSet set({data}, joint_set("posetrack15"));
  REQUIRE(set.samples().size() == 1);
  const TrainSample& sample = set.samples()[0];
  CHECK(set.is_still(sample));
  CHECK(sample.joints[set.joints().index("nose")].x == 10);
  CHECK(sample.joints[set.joints().index("left_shoulder")].weight == 1);
  CHECK(set.counts()[0].labels[set.joints().index("left_shoulder")] == 1);
  CHECK_FALSE(set.trained(set.joints().index("head_top")));
  CHECK_FALSE(set.sets_differ());

  // Together with a set that annotates other joints.
  folder.write("annotations/train/000111_mpii.json", kPoseTrack18);
  TrainDataConfig other;
  other.dataset = "posetrack18";
  other.root = folder.path;
  const TrainSet mixed({data, other}, joint_set("posetrack15"));
  REQUIRE(mixed.samples().size() == 2);
  CHECK(mixed.sets_differ());
  const int shoulder = set.joints().index("left_shoulder"), top = set.joints().index("head_top");
  CHECK(mixed.annotated(0, shoulder));
  CHECK_FALSE(mixed.annotated(0, top));
  CHECK_FALSE(mixed.annotated(1, shoulder));
  CHECK(mixed.annotated(1, top));
  CHECK(number_of(set.frames(sample).frames[0]) == Approx(77).margin(2));
}

TEST_CASE("missing files of a data set are reported") {
  const Folder folder;
  CHECK_THROWS_WITH(
      dataset_files("posetrack18", folder.path, "train"),
      ContainsSubstring("no annotations of posetrack18") && ContainsSubstring("annotations/train"));
  CHECK_THROWS_WITH(dataset_files("mpii", folder.path, "train"), ContainsSubstring("not one of"));
  folder.write("a/train.json", kPoseTrack18);
  TrainDataConfig data;
  data.annotations = folder.path + "/a";
  data.root = folder.path;
  TrainSet set({data}, joint_set("posetrack15"));
  const auto missing = set.missing_files(5);
  REQUIRE(missing.lines.size() == 1);
  CHECK(missing.substituted == 0);
  CHECK_THAT(missing.lines[0], ContainsSubstring("000111_mpii/000005.jpg: no such file"));
  fs::create_directories(folder.path + "/empty");
  data.annotations = folder.path + "/empty";
  CHECK_THROWS_WITH(TrainSet({data}, joint_set("posetrack15")),
                    ContainsSubstring("no JSON files in this directory"));
}

TEST_CASE("only required frames of a video are kept") {
  const Folder folder;
  const std::string clip = make_clip(folder.path + "/clip.mp4", 30);
  FrameStore store(100);
  for (const int n : {3, 4, 9}) store.will_need(clip, n);
  CHECK(number_in(*store.video_frame(clip, 4)) == 4);
  CHECK(number_in(*store.video_frame(clip, 9)) == 9);
  CHECK_FALSE(store.video_frame(clip, 5));
  CHECK(store.video_length(clip) == 10);  // the rest is not required

  Json label = Json::parse(kPoseTrack18);
  label["images"][0]["file_name"] = "clip.mp4";
  label["images"][0]["frame_id"] = 29;
  folder.write("label.json", label.dump());
  TrainDataConfig data;
  data.annotations = folder.path + "/label.json";
  TrainSet set({data}, joint_set("posetrack15"));
  REQUIRE(set.samples().size() == 1);
  const auto [frames, substituted] = set.frames(set.samples()[0]);
  CHECK(number_in(*frames[0]) == 28);
  CHECK(number_in(*frames[1]) == 29);
  CHECK(frames[2] == frames[1]);  // the end of the video
  CHECK(substituted == 0);
}

TEST_CASE("every N-th frame with people is a key frame, its neighbours are the frames beside it") {
  const Folder folder;
  make_clip(folder.path + "/clip.mp4", 12);
  const Json one = Json::parse(kPoseTrack18);
  Json label = one;
  label["images"] = label["annotations"] = Json::array();
  for (const int frame : {1, 2, 4, 5, 6, 9}) {  // the others show nobody
    Json image = one["images"][0], person = one["annotations"][0];
    image["file_name"] = "clip.mp4";
    image["frame_id"] = frame;
    image["id"] = person["image_id"] = person["id"] = 100 + frame;
    label["images"].push_back(image);
    label["annotations"].push_back(person);
  }
  folder.write("label.json", label.dump());
  TrainDataConfig data;
  data.annotations = folder.path + "/label.json";
  data.every = 3;
  TrainSet set({data}, joint_set("posetrack15"));
  REQUIRE(set.samples().size() == 2);
  CHECK(set.videos()[0].frames[set.samples()[0].frame].index == 1);
  CHECK(set.videos()[0].frames[set.samples()[1].frame].index == 5);
  const auto frames = set.frames(set.samples()[1]).frames;
  CHECK(number_in(*frames[0]) == 4);
  CHECK(number_in(*frames[2]) == 6);
}

TEST_CASE("neighbours may be several frames away") {
  const Folder folder;
  make_clip(folder.path + "/clip.mp4", 12);
  Json label = Json::parse(kPoseTrack18);
  label["images"][0]["file_name"] = "clip.mp4";
  label["images"][0]["frame_id"] = 2;
  folder.write("label.json", label.dump());
  TrainDataConfig data;
  data.annotations = folder.path + "/label.json";
  data.stride = 4;
  TrainSet of_video({data}, joint_set("posetrack15"));
  const auto in_video = of_video.frames(of_video.samples()[0]).frames;
  CHECK(number_in(*in_video[0]) == 0);  // the first frame
  CHECK(number_in(*in_video[2]) == 6);

  folder.write("annotations/train/000111_mpii.json", kPoseTrack18);
  for (const int n : {2, 4, 5, 6, 7, 8}) {
    folder.picture(fmt::format("images/train/000111_mpii/{:06}.jpg", n), 20 * n);
  }
  data = {};
  data.dataset = "posetrack18";
  data.root = folder.path;
  data.stride = 3;
  TrainSet of_pictures({data}, joint_set("posetrack15"));
  const auto pictures = of_pictures.frames(of_pictures.samples()[0]);
  CHECK(number_of(pictures.frames[0]) == Approx(40).margin(3));
  CHECK(number_of(pictures.frames[2]) == Approx(160).margin(3));
  CHECK(pictures.substituted == 0);
  fs::remove(folder.path + "/images/train/000111_mpii/000008.jpg");  // ends with 7
  const auto at_end = of_pictures.frames(of_pictures.samples()[0]);
  CHECK(number_of(at_end.frames[2]) == Approx(140).margin(3));
  CHECK(at_end.substituted == 0);
}

TEST_CASE("people whose left and right may be swapped are skipped, the others need no such key") {
  const Folder folder;
  Json listed = Json::parse(kPoseTrack18);
  listed["annotations"][1]["bbox"] = {20, 10, 30, 30};
  listed["annotations"][1]["keypoints"][0] = 25;
  for (const bool suspect : {false, true}) {
    if (suspect) listed["annotations"][1]["suspect_lr"] = true;
    folder.write("a.json", listed.dump());
    TrainDataConfig data;
    data.annotations = folder.path + "/a.json";
    data.skip_suspect_lr = true;
    const TrainSet set({data}, joint_set("posetrack15"));
    CHECK(set.samples().size() == (suspect ? 1u : 2u));
    CHECK(set.counts()[0].suspect_lr == (suspect ? 1 : 0));
  }
}

TEST_CASE("a small store evicts the least recently used pictures") {
  const Folder folder;
  for (int n = 0; n < 4; ++n) folder.picture(fmt::format("{}.png", n), 10 * n);
  const double one = 3.0 * 64 * 48 / (1 << 20);
  FrameStore store(2.5 * one);
  const auto path = [&](int n) { return fmt::format("{}/{}.png", folder.path, n); };
  const FramePtr first = store.picture(path(0));
  CHECK(store.picture(path(0)) == first);
  store.picture(path(1));
  CHECK(store.picture(path(0)) == first);  // 1 is the older one now
  store.picture(path(2));
  CHECK(store.picture(path(0)) == first);
  store.picture(path(3));
  store.picture(path(1));
  const FramePtr again = store.picture(path(0));
  CHECK(again != first);
  CHECK(again->rgb == first->rgb);
  CHECK_THROWS_AS(store.picture(path(9)), Error);
  CHECK_THROWS_AS(store.picture(path(9)), Error);  // and once more
}
