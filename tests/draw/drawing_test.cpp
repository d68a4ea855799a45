// SPDX-License-Identifier: Apache-2.0
// From records and videos to drawings, through the files.
#include "draw/drawing.h"

#include "core/error.h"
#include "draw_support.h"
#include "io/output_file.h"
#include "io/records.h"
#include "temporary_folder.h"
#include "video/reader.h"
#include "video/writer.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>

using namespace vremd;
using namespace vremd::draw;
using namespace vremd::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
namespace fs = std::filesystem;

namespace {

constexpr int kWidth = 320, kHeight = 240, kFrames = 6;

struct Folder : TemporaryFolder {
  std::size_t files(const std::string& name) const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path / name), fs::directory_iterator{}));
  }
};

// Frame i is grey of 40 + 20 i.
std::string make_clip(const Folder& folder, const std::string& name, int frames = kFrames,
                      std::pair<int, int> pixel_aspect = {1, 1}) {
  video::VideoWriterOptions options;
  options.width = kWidth;
  options.height = kHeight;
  options.fps = {10, 1};
  options.codecs = {"ffv1"};
  options.pixel_aspect = pixel_aspect;
  video::VideoWriter writer(folder / name, options);
  for (int i = 0; i < frames; ++i) {
    writer.write(plain_frame(kWidth, kHeight, static_cast<std::uint8_t>(40 + 20 * i)));
  }
  writer.close();
  return folder / name;
}

// A vertical left thigh of 200 pixels in each frame, 20 pixels further to the right each time.
double thigh_x(int frame) { return 60 + 20.0 * frame; }

void write_video(io::RecordWriter& writer, const std::string& video, int first, int last) {
  io::Header header;
  header.tool = "test";
  header.video = video;
  header.width = kWidth;
  header.height = kHeight;
  header.joints = joint_set("posetrack15");
  writer.write(header);
  for (int i = first; i < last; ++i) {
    io::FrameRecord record;
    record.frame = i;
    record.time = i / 10.0;
    io::Instance one;
    one.box = {thigh_x(i) - 25, 10, 50, 220};
    one.keypoints.assign(header.joints->joints.size(), io::Keypoint{});
    one.keypoints[header.joints->index("left_hip")] = {thigh_x(i), 20, 0.9};
    one.keypoints[header.joints->index("left_knee")] = {thigh_x(i), 220, 0.9};
    record.instances = {one};
    writer.write(record);
  }
  writer.write_end();
}

std::string make_records(const Folder& folder, const std::string& name,
                         const std::vector<std::string>& videos, int first = 0,
                         int last = kFrames) {
  io::OutputFile file(folder / name);
  io::RecordWriter writer(file);
  for (const std::string& video : videos) write_video(writer, video, first, last);
  file.commit();
  return folder / name;
}

DrawConfig config_for(const std::string& records, const std::string& output) {
  DrawConfig config;
  config.inputs = {records};
  config.output = output;
  config.threads = 2;
  return config;
}

std::vector<FramePtr> frames_of(const std::string& video) {
  video::VideoReader reader(video);
  std::vector<FramePtr> frames;
  while (FramePtr frame = reader.next()) frames.push_back(frame);
  return frames;
}

void check_frame(const Frame& drawn, int index, int tolerance) {
  CAPTURE(index);
  const int x = static_cast<int>(thigh_x(index));
  CHECK(close(pixel(drawn, x, 120), rgb_of(side_colour(Side::kLeft, 0)), tolerance));
  const int grey = 40 + 20 * index;
  CHECK(close(pixel(drawn, 20, 60), Rgb{grey, grey, grey}, tolerance));
}

}  // namespace

TEST_CASE("a video is drawn as a video of the same frames") {
  const Folder folder;
  const std::string records = make_records(folder, "r.jsonl", {make_clip(folder, "a.mkv")});
  const DrawResult result = draw_records(config_for(records, folder / "out.mp4"));
  CHECK(result.videos == 1);
  CHECK(result.frames == kFrames);
  CHECK(result.complete);
  const auto frames = frames_of(folder / "out.mp4");
  REQUIRE(frames.size() == kFrames);
  for (int i = 0; i < kFrames; ++i) {
    check_frame(*frames[i], i, 60);  // chroma is subsampled
    CHECK(std::abs(frames[i]->time - i / 10.0) < 0.001);
  }
}

TEST_CASE("one thread draws the same as four") {
  const Folder folder;
  const std::string records = make_records(folder, "r.jsonl", {make_clip(folder, "a.mkv")});
  DrawConfig config = config_for(records, folder / "one/");
  config.threads = 1;
  draw_records(config);
  config.output = folder / "four/";
  config.threads = 4;
  draw_records(config);
  REQUIRE(folder.files("one") == kFrames);
  for (int i = 0; i < kFrames; ++i) {
    const std::string name = fmt::format("{:06}.png", i);
    const FramePtr one = video::read_picture(folder / ("one/" + name));
    CHECK((one->rgb == video::read_picture(folder / ("four/" + name))->rgb));
    check_frame(*one, i, 6);
  }
}

TEST_CASE("the size scales the frames, the overlay stays sharp") {
  const Folder folder;
  const std::string records = make_records(folder, "r.jsonl", {make_clip(folder, "a.mkv")});
  DrawConfig config = config_for(records, folder / "big");
  config.size = "2";
  draw_records(config);
  const FramePtr frame = video::read_picture(folder / "big/000002.png");
  CHECK(frame->width == 2 * kWidth);
  CHECK(frame->height == 2 * kHeight);
  CHECK(close(pixel(*frame, 2 * static_cast<int>(thigh_x(2)) + 1, 240),
              rgb_of(side_colour(Side::kLeft, 0)), 6));
}

TEST_CASE("several videos are drawn to a file each, stills to a picture each") {
  const Folder folder;
  fs::create_directories(folder / "b");
  const std::string first = make_clip(folder, "a.mkv"), second = make_clip(folder, "b/a.mkv");
  const std::string still = folder / "photo.png";
  video::write_picture(still, plain_frame(kWidth, kHeight, 40));
  {
    io::OutputFile file(folder / "r.jsonl");
    io::RecordWriter writer(file);
    write_video(writer, first, 0, kFrames);
    write_video(writer, still, 0, 1);
    write_video(writer, second, 0, kFrames);
    file.commit();
  }
  const DrawResult result = draw_records(config_for(folder / "r.jsonl", folder / "out/"));
  CHECK(result.videos == 3);
  CHECK(result.frames == 2 * kFrames + 1);
  CHECK(folder.files("out") == 3);
  CHECK(frames_of(folder / "out/a.mp4").size() == kFrames);
  CHECK(frames_of(folder / "out/a-2.mp4").size() == kFrames);
  check_frame(*video::read_picture(folder / "out/photo.png"), 0, 6);
}

TEST_CASE("a bad video does not stop the others") {
  const Folder folder;
  const std::string records =
      make_records(folder, "r.jsonl", {folder / "none.mkv", make_clip(folder, "a.mkv")});
  const DrawResult result = draw_records(config_for(records, folder / "out/"));
  CHECK_FALSE(result.complete);
  CHECK(result.frames == kFrames);
  CHECK(fs::exists(folder / "out/a.mp4"));
}

TEST_CASE("a video that cannot be written does not stop the others") {
  const Folder folder;
  const std::string clip = make_clip(folder, "a.mkv"), still = folder / "photo.png";
  video::write_picture(still, plain_frame(kWidth, kHeight, 40));
  fs::create_directories(folder / "out");
  video::write_picture(folder / "out/photo.png",
                       plain_frame(kWidth, kHeight, 40));  // is not replaced
  const std::string records = folder / "r.jsonl";
  {
    io::OutputFile file(records);
    io::RecordWriter writer(file);
    write_video(writer, still, 0, 1);
    write_video(writer, clip, 0, kFrames);
    file.commit();
  }
  const DrawResult result = draw_records(config_for(records, folder / "out/"));
  CHECK_FALSE(result.complete);
  CHECK(result.frames == kFrames);
  CHECK(frames_of(folder / "out/a.mp4").size() == kFrames);
}

TEST_CASE("frames without records are skipped, records without frames are not an error") {
  const Folder folder;
  const std::string clip = make_clip(folder, "a.mkv");
  CHECK(draw_records(config_for(make_records(folder, "r.jsonl", {clip}, 2, 4), folder / "part.mp4"))
            .frames == 2);
  const auto frames = frames_of(folder / "part.mp4");
  REQUIRE(frames.size() == 2);
  check_frame(*frames[0], 2, 60);
  CHECK(draw_records(config_for(make_records(folder, "s.jsonl", {clip}, 4, 12), folder / "end.mp4"))
            .frames == 2);
  CHECK_THROWS_MATCHES(
      draw_records(config_for(make_records(folder, "t.jsonl", {clip}, 50, 60), folder / "no.mp4")),
      Error, MessageMatches(ContainsSubstring("no frame has a record")));
  CHECK_FALSE(fs::exists(folder / "no.mp4"));
}

TEST_CASE("a sheet has the requested size and shows the frames") {
  const Folder folder;
  const std::string records = make_records(folder, "r.jsonl", {make_clip(folder, "a.mkv")});
  DrawConfig config = config_for(records, folder / "sheet.png");
  config.sheet = true;
  config.sheet_frames = 4;
  config.size = "700x560";
  CHECK(draw_records(config).frames == 4);
  const FramePtr sheet = video::read_picture(config.output);
  CHECK(sheet->width <= 700);
  CHECK(sheet->height <= 560);
  CHECK((sheet->width > 650 || sheet->height > 520));
  // Four tiles: the frames 0, 2, 3 and 5 of six.
  const auto grey_at = [&](int x, int y) { return pixel(*sheet, x, y).r; };
  CHECK(std::abs(grey_at(20, 60) - 40) < 4);
  CHECK(std::abs(grey_at(sheet->width / 2 + 20, 60) - 80) < 4);
  CHECK(std::abs(grey_at(20, sheet->height / 2 + 60) - 100) < 4);
  CHECK(std::abs(grey_at(sheet->width / 2 + 20, sheet->height / 2 + 60) - 140) < 4);
}

TEST_CASE("records for another size of the video are scaled") {
  const Folder folder;
  const std::string clip = make_clip(folder, "a.mkv");
  video::VideoWriterOptions options;
  options.width = 2 * kWidth;
  options.height = 2 * kHeight;
  options.codecs = {"ffv1"};
  video::VideoWriter writer(folder / "large.mkv", options);
  for (int i = 0; i < kFrames; ++i) writer.write(plain_frame(2 * kWidth, 2 * kHeight, 90));
  writer.close();
  DrawConfig config = config_for(make_records(folder, "r.jsonl", {clip}), folder / "out/");
  config.video = folder / "large.mkv";
  draw_records(config);
  CHECK(close(pixel(*video::read_picture(folder / "out/000001.png"),
                    2 * static_cast<int>(thigh_x(1)) + 1, 240),
              rgb_of(side_colour(Side::kLeft, 0)), 6));
}

TEST_CASE("a folder of pictures keeps its names; a broken picture is drawn as missing") {
  const Folder folder;
  fs::create_directories(folder / "in");
  for (const char* name : {"p8.png", "p9.png", "p10.png"}) {
    video::write_picture(folder / "in" + "/" + name, plain_frame(kWidth, kHeight, 40));
  }
  io::OutputFile broken(folder / "in/p9.png", true);
  broken.write("no picture");
  broken.commit();
  const std::string records = make_records(folder, "r.jsonl", {folder / "in"}, 0, 3);
  CHECK(draw_records(config_for(records, folder / "out/")).frames == 3);
  CHECK(folder.files("out") == 3);
  check_frame(*video::read_picture(folder / "out/p8.png"), 0, 6);
  const FramePtr missing = video::read_picture(folder / "out/p9.png");
  CHECK(missing->width == kWidth);
  CHECK(pixel(*missing, static_cast<int>(thigh_x(1)), 60) == Rgb{128, 128, 128});
  CHECK(pixel(*missing, kWidth / 2, kHeight - 60) == Rgb{128, 128, 128});
}

TEST_CASE("pictures of a video whose pixels are not square are not stretched") {
  const Folder folder;
  const bool wide = GENERATE(true, false);
  const std::pair<int, int> aspect = wide ? std::pair{2, 1} : std::pair{1, 2};
  const std::string video = make_clip(folder, "a.mkv", kFrames, aspect);
  DrawConfig config;
  config.inputs = {make_records(folder, "a.jsonl", {video}, 0, 1)};
  config.output = folder / "one.png";
  draw_records(config);
  const Size displayed = wide ? Size{2 * kWidth, kHeight} : Size{kWidth, 2 * kHeight};
  const FramePtr one = video::read_picture(config.output);
  CHECK(Size{one->width, one->height} == displayed);
  // The thigh is where it was in the frame.
  const Rgb grey = pixel(*one, 5, displayed.height / 2);
  const double x = (thigh_x(0) + 0.5) * displayed.width / kWidth;
  CHECK(pixel(*one, static_cast<int>(x), displayed.height / 2) != grey);
  CHECK(pixel(*one, static_cast<int>(thigh_x(3) * displayed.width / kWidth),
              displayed.height / 2) == grey);

  config.output = folder / "frames/";
  draw_records(config);
  const FramePtr frame = video::read_picture(folder / "frames/000000.png");
  CHECK(Size{frame->width, frame->height} == displayed);

  config.inputs = {make_records(folder, "all.jsonl", {video})};
  config.sheet = true;
  config.sheet_frames = 1;
  config.output = folder / "sheet.png";
  config.size = "1";
  draw_records(config);
  const FramePtr sheet = video::read_picture(config.output);
  CHECK(sheet->width - displayed.width < 20);
  CHECK(sheet->height - displayed.height < 20);
}

TEST_CASE("one picture takes one frame") {
  const Folder folder;
  const std::string clip = make_clip(folder, "a.mkv");
  const std::string one = make_records(folder, "one.jsonl", {clip}, 3, 4);
  CHECK(draw_records(config_for(one, folder / "out.png")).frames == 1);
  check_frame(*video::read_picture(folder / "out.png"), 3, 6);
  const std::string many = make_records(folder, "many.jsonl", {clip});
  CHECK_THROWS_MATCHES(draw_records(config_for(many, folder / "no.png")), Error,
                       MessageMatches(ContainsSubstring("--sheet")));
  const std::string two = make_records(folder, "two.jsonl", {clip, clip}, 3, 4);
  for (const char* name : {"no.png", "no.mp4"}) {
    CHECK_THROWS_MATCHES(draw_records(config_for(two, folder / name)), Error,
                         MessageMatches(ContainsSubstring("several videos")));
    CHECK_FALSE(fs::exists(folder / name));
  }
}

TEST_CASE("a stop keeps the partial video") {
  const Folder folder;
  DrawConfig config =
      config_for(make_records(folder, "r.jsonl", {make_clip(folder, "a.mkv")}), folder / "out.mp4");
  int drawn = 0;
  config.drawn = [&] { ++drawn; };
  config.stopped = [&] { return drawn >= 2; };
  config.threads = 1;
  const DrawResult result = draw_records(config);
  CHECK(result.frames < kFrames);
  CHECK(folder.files("") == 3);  // the clip, the records and the partial video
  CHECK_FALSE(std::filesystem::exists(folder / "out.mp4"));
  REQUIRE(result.partial.size() == 1);
  video::VideoReader partial(result.partial[0]);
  std::int64_t frames = 0;
  while (partial.next()) ++frames;
  CHECK(frames == result.frames);
}
