// SPDX-License-Identifier: Apache-2.0
#include "draw/overlay.h"

#include "draw_support.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <limits>

using namespace vremd;
using namespace vremd::draw;
using namespace vremd::test;

namespace {

const JointSet& joints() { return joint_set("posetrack17"); }

// An upright person facing us, 200 x 400 pixels at (100, 50); the own left is on our right.
io::Instance person(double score = 0.9) {
  io::Instance one;
  one.box = {100, 50, 200, 400};
  one.score = score;
  one.keypoints.assign(17, io::Keypoint{});
  const auto put = [&](const char* joint, double x, double y) {
    one.keypoints[joints().index(joint)] = {x, y, score};
  };
  put("head_top", 200, 60), put("nose", 200, 90), put("head_bottom", 200, 120);
  put("right_shoulder", 150, 140), put("left_shoulder", 250, 140);
  put("right_elbow", 130, 200), put("left_elbow", 270, 200);
  put("right_wrist", 120, 260), put("left_wrist", 280, 260);
  put("right_hip", 165, 270), put("left_hip", 235, 270);
  put("right_knee", 160, 350), put("left_knee", 240, 350);
  put("right_ankle", 160, 430), put("left_ankle", 240, 430);
  return one;
}

Frame drawn(const std::vector<io::Instance>& people, Size size = {640, 480}, View view = {},
            OverlayStyle style = {}) {
  Canvas canvas(plain_frame(size.width, size.height, 128));
  io::FrameRecord record;
  record.instances = people;
  std::vector<int> colours;
  for (std::size_t i = 0; i < people.size(); ++i) colours.push_back(static_cast<int>(i));
  draw_overlay(canvas, record, &joints(), colours, view, style, "");
  return pixels_of(canvas);
}

}  // namespace

TEST_CASE("left, right and middle limbs have their colours") {
  const Frame frame = drawn({person()});
  CHECK(close(pixel(frame, 237, 310), rgb_of(side_colour(Side::kLeft, 0)), 6));
  CHECK(close(pixel(frame, 162, 310), rgb_of(side_colour(Side::kRight, 0)), 6));
  CHECK(close(pixel(frame, 200, 270), rgb_of(side_colour(Side::kMiddle, 0)), 6));
  CHECK(close(pixel(frame, 225, 130), rgb_of(side_colour(Side::kLeft, 0)), 6));
  CHECK(close(pixel(frame, 200, 105), rgb_of(side_colour(Side::kMiddle, 0)), 6));
}

TEST_CASE("joints are dots in the colour of their side, with a dark outline") {
  const Frame frame = drawn({person()});
  const Colour left = side_colour(Side::kLeft, 0).towards(kPaper, 0.25);
  CHECK(close(pixel(frame, 280, 260), rgb_of(left), 6));
  int darkest = 255;
  for (int x = 280; x < 295; ++x) darkest = std::min(darkest, pixel(frame, x, 260).r);
  CHECK(darkest < 60);
}

TEST_CASE("the box has the person's colour; two people differ") {
  io::Instance other = person();
  other.box.x += 300;
  for (io::Keypoint& k : other.keypoints) k.x += 300;
  const Frame frame = drawn({person(), other}, {800, 480});
  CHECK(close(pixel(frame, 100, 300), rgb_of(person_colour(0)), 40));
  CHECK(close(pixel(frame, 400, 300), rgb_of(person_colour(1)), 40));
  CHECK_FALSE(close(pixel(frame, 237, 310), pixel(frame, 537, 310), 20));  // the shade
}

TEST_CASE("a joint below the limit is skipped with its limbs") {
  const Rgb grey{128, 128, 128};
  io::Instance one = person();
  one.keypoints[joints().index("left_knee")].score = 0.1;
  const Frame frame = drawn({one});
  CHECK(pixel(frame, 240, 350) == grey);
  CHECK(pixel(frame, 237, 310) == grey);
  CHECK(pixel(frame, 240, 390) == grey);
  CHECK_FALSE(pixel(frame, 240, 430) == grey);  // the ankle is sure
  OverlayStyle style;
  style.min_joint_score = 0.05;
  CHECK_FALSE(pixel(drawn({one}, {640, 480}, {}, style), 240, 350) == grey);
}

TEST_CASE("uncertain limbs are fainter and thinner") {
  const auto difference = [](const Frame& frame) {
    int sum = 0;
    for (int x = 225; x < 250; ++x) {
      const Rgb p = pixel(frame, x, 310);
      sum += std::abs(p.r - 128) + std::abs(p.g - 128) + std::abs(p.b - 128);
    }
    return sum;
  };
  const int sure = difference(drawn({person(0.9)})), unsure = difference(drawn({person(0.3)}));
  CHECK(unsure < 0.7 * sure);
  CHECK(unsure > 0);
}

TEST_CASE("a person below the limit is not drawn") {
  OverlayStyle style;
  style.min_score = 0.5;
  CHECK((drawn({person(0.4)}, {640, 480}, {}, style).rgb == plain_frame(640, 480, 128).rgb));
}

TEST_CASE("without a neck the shoulders are joined") {
  io::Instance one = person();
  one.keypoints[joints().index("head_bottom")].score = 0;
  CHECK(close(pixel(drawn({one}), 180, 140), rgb_of(side_colour(Side::kMiddle, 0)), 6));
  CHECK(pixel(drawn({person()}), 180, 143) == Rgb{128, 128, 128});
}

TEST_CASE("without a nose the neck is joined to the top of the head") {
  io::Instance one = person();
  one.keypoints[joints().index("nose")].score = 0;
  CHECK(close(pixel(drawn({one}), 200, 90), rgb_of(side_colour(Side::kMiddle, 0)), 6));
}

TEST_CASE("coordinates are centres of pixels, in any scale") {
  io::Instance one;
  one.box = {10, 10, 60, 60};
  one.keypoints.assign(17, io::Keypoint{});
  one.keypoints[joints().index("left_wrist")] = {40, 30, 0.9};
  const double scale = GENERATE(1.0, 2.0, 4.0);
  CAPTURE(scale);
  const Size size{static_cast<int>(80 * scale), static_cast<int>(80 * scale)};
  Canvas canvas(plain_frame(size.width, size.height, 128));
  io::FrameRecord record;
  record.instances = {one};
  const std::vector<int> colours{0};
  draw_overlay(canvas, record, &joints(), colours, View::fitting({80, 80}, size), {}, "");
  // The dot's centre of mass, from what lies inside the box and is not its line.
  const Frame frame = pixels_of(canvas);
  double x_sum = 0, y_sum = 0, weight = 0;
  for (int y = static_cast<int>(20 * scale); y < static_cast<int>(50 * scale); ++y) {
    for (int x = static_cast<int>(25 * scale); x < static_cast<int>(60 * scale); ++x) {
      const double changed = std::abs(pixel(frame, x, y).b - 128);
      x_sum += changed * (x + 0.5), y_sum += changed * (y + 0.5), weight += changed;
    }
  }
  REQUIRE(weight > 0);
  CHECK(x_sum / weight == Catch::Approx(40.5 * scale).margin(0.15));
  CHECK(y_sum / weight == Catch::Approx(30.5 * scale).margin(0.15));
}

TEST_CASE("boxes and joints that cannot be drawn change nothing") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  io::Instance empty = person(), broken = person(), wild = person();
  empty.box.w = 0;
  broken.box.x = nan;
  CHECK((drawn({empty, broken}).rgb == plain_frame(640, 480, 128).rgb));
  for (io::Keypoint& k : wild.keypoints) k = {nan, HUGE_VAL, 0.9};
  wild.box = {700, 500, 50, 50};  // outside
  CHECK((drawn({wild}).rgb == plain_frame(640, 480, 128).rgb));
  wild.box = {-1e9, -1e9, 2e9, 2e9};
  CHECK_NOTHROW(drawn({wild}));
}

TEST_CASE("records without joints draw only boxes") {
  Canvas canvas(plain_frame(640, 480, 128));
  io::FrameRecord record;
  record.instances = {person()};
  record.instances[0].keypoints.clear();
  const std::vector<int> colours{0};
  draw_overlay(canvas, record, nullptr, colours, {}, {}, "");
  const Frame frame = pixels_of(canvas);
  CHECK(close(pixel(frame, 100, 300), rgb_of(person_colour(0)), 40));
  CHECK(pixel(frame, 237, 310) == Rgb{128, 128, 128});
}

TEST_CASE("line widths depend on the person and the picture") {
  const Size picture{1920, 1080};
  CHECK(limb_width(1000, picture) > 2 * limb_width(100, picture));
  CHECK(limb_width(40, picture) <= 0.031 * 40);
  CHECK(limb_width(5, picture) == 1);
  CHECK(limb_width(200, Size{3840, 2160}) > limb_width(200, picture));
  // Twice the picture, twice the line.
  CHECK(limb_width(400, Size{1280, 960}) == Catch::Approx(2 * limb_width(200, Size{640, 480})));
}

TEST_CASE("labels avoid faces, each other and the border") {
  const Size canvas{640, 480};
  const Box low{100, 200, 80, 200}, top{300, 5, 80, 200}, right{600, 200, 60, 150};
  const std::vector<Box> faces = {Box{110, 175, 30, 30}};
  const auto places =
      place_labels({{low, 60, 20}, {low, 60, 20}, {top, 60, 20}, {right, 60, 20}}, faces, canvas);
  REQUIRE(places.size() == 4);
  for (std::size_t i = 0; i < places.size(); ++i) {
    CAPTURE(i);
    REQUIRE(places[i]);
    CHECK(intersection(*places[i], faces[0]) == 0);
    CHECK(places[i]->x >= 0);
    CHECK(places[i]->y >= 0);
    CHECK(places[i]->x + places[i]->w <= canvas.width);
    CHECK(places[i]->y + places[i]->h <= canvas.height);
    for (std::size_t k = 0; k < i; ++k) CHECK(intersection(*places[i], *places[k]) == 0);
  }
  CHECK_FALSE(place_labels({{low, 700, 20}}, {}, canvas)[0]);
  CHECK_FALSE(place_labels({{low, 60, 20}}, {Box{0, 0, 640, 480}}, canvas)[0]);
}

TEST_CASE("the corner label avoids a face") {
  const Size canvas{640, 480};
  CHECK(place_corner_label(100, 20, 10, {}, canvas).x == 10);
  CHECK(place_corner_label(100, 20, 10, {}, canvas).y == 450);
  CHECK(place_corner_label(100, 20, 10, {Box{50, 440, 30, 30}}, canvas).x == 530);
}

TEST_CASE("the corner label stays inside small pictures") {
  Canvas canvas(plain_frame(64, 48, 128));
  draw_overlay(canvas, {}, nullptr, {}, {}, {}, "a rather long name of a picture.jpg");
  const Box ink = bounds_of_change(plain_frame(64, 48, 128), pixels_of(canvas));
  CHECK(ink.w > 30);
  CHECK(ink.x + ink.w <= 64);
}

TEST_CASE("a person's label does not overlap the frame's") {
  io::Instance low = person();
  // Free are the feet, where the frame's label is, and a place beside the box. The lines of the
  // box are left and right of the frame's label.
  low.box = {2, 0, 80, 478};
  low.keypoints.clear();
  io::FrameRecord record;
  record.instances = {low};
  const std::vector<int> colours{0};
  const auto coloured = [&](const std::string& label) {
    Canvas canvas(plain_frame(640, 480, 128));
    draw_overlay(canvas, record, nullptr, colours, {}, {}, label);
    const Frame frame = pixels_of(canvas);
    int count = 0;  // of the pixels of the label's panel
    for (std::size_t i = 0; i < frame.rgb.size(); i += 3) {
      count += frame.rgb[i] < 40 && frame.rgb[i + 1] > 200;
    }
    return count;
  };
  const int without_label = coloured("");
  CHECK(without_label > 500);
  CHECK(std::abs(coloured("frame 1") - without_label) < 50);
}

TEST_CASE("a missing frame is grey with a label") {
  Canvas canvas(Size{640, 480});
  draw_missing(canvas, "");
  const Frame frame = pixels_of(canvas);
  CHECK(pixel(frame, 5, 5) == Rgb{128, 128, 128});
  const Box ink = bounds_of_change(plain_frame(640, 480, 128), frame);
  CHECK(ink.w > 100);
  CHECK(std::abs(ink.x + ink.w / 2 - 320) < 4);
}

TEST_CASE("frame labels have the number and the time") {
  Frame frame;
  frame.index = 12;
  frame.time = 1.2;
  CHECK(frame_label(frame) == "frame 12   0:01.20");
  frame.time = 59.999;
  CHECK(frame_label(frame) == "frame 12   1:00.00");
  frame.time = 3725.5;
  frame.damaged = true;
  CHECK(frame_label(frame) == "frame 12   1:02:05.50   damaged");
}
