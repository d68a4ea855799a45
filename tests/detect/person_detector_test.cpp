// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>  // before Catch2: both define CHECK
#undef CHECK

#include "core/error.h"
#include "detect/nanodet.h"
#include "detect/person_detector.h"
#include "io/safetensors.h"

#include <c10/core/InferenceMode.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::detect;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using Catch::Matchers::WithinAbs;

namespace {

// No class in any cell, uniform distances.
at::Tensor empty_map(int height, int width) {
  at::Tensor map = at::zeros({Nanodet::kChannels, height, width});
  map.narrow(0, 0, Nanodet::kClasses).fill_(-20);
  return map;
}

void point_at_bin(at::Tensor& map, int side, int bin, int y, int x) {
  map[Nanodet::kClasses + side * Nanodet::kBins + bin][y][x] = 100;
}

Frame frame_of(int width, int height) {
  Frame frame;
  frame.width = width;
  frame.height = height;
  frame.rgb.resize(static_cast<std::size_t>(width) * height * 3);
  return frame;
}

}  // namespace

TEST_CASE("a cell of the map becomes a box") {
  at::Tensor map = empty_map(3, 5);
  map[0][1][2] = 0.0;   // person, probability 0.5
  map[1][0][0] = 20.0;  // another class is ignored
  point_at_bin(map, 0, 1, 1, 2);
  point_at_bin(map, 1, 2, 1, 2);
  point_at_bin(map, 2, 3, 1, 2);
  point_at_bin(map, 3, 10, 1, 2);
  std::vector<ops::ScoredBox> boxes;
  decode_nanodet(map, 16, 0.5, boxes);
  REQUIRE(boxes.size() == 1);
  CHECK_THAT(boxes[0].score, WithinAbs(0.5, 1e-12));
  CHECK_THAT(boxes[0].box.x, WithinAbs(2.5 * 16 - 16, 1e-6));
  CHECK_THAT(boxes[0].box.y, WithinAbs(1.5 * 16 - 32, 1e-6));
  CHECK_THAT(boxes[0].box.w, WithinAbs(16 + 48, 1e-6));
  CHECK_THAT(boxes[0].box.h, WithinAbs(32 + 160, 1e-6));
}

TEST_CASE("distances are expectations, cells are row-major") {
  at::Tensor map = empty_map(2, 3).transpose(1, 2).contiguous().transpose(1, 2);
  map[0][0][2] = 1.0;
  map[0][1][0] = 3.0;
  // bins 4 and 5 of the left side, three to one
  map[Nanodet::kClasses + 4][1][0] = 50 + std::log(3.0);
  map[Nanodet::kClasses + 5][1][0] = 50;
  std::vector<ops::ScoredBox> boxes;
  decode_nanodet(map, 8, 0.3, boxes);
  REQUIRE(boxes.size() == 2);
  CHECK_THAT(boxes[0].score, WithinAbs(1 / (1 + std::exp(-1.0)), 1e-6));
  CHECK_THAT(boxes[0].box.w, WithinAbs(2 * 5 * 8, 1e-5));  // uniform: bin 5
  CHECK_THAT(boxes[1].box.x, WithinAbs(0.5 * 8 - 4.25 * 8, 1e-5));
  CHECK_THAT(boxes[1].box.w, WithinAbs(4.25 * 8 + 5 * 8, 1e-5));

  map[0].fill_(std::nan(""));
  boxes.clear();
  decode_nanodet(map, 8, 0, boxes);
  CHECK(boxes.empty());
}

TEST_CASE("boxes are clipped, suppressed and limited in number") {
  const std::vector<std::vector<ops::ScoredBox>> boxes{
      {{{10, 10, 20, 40}, 0.5, 0},
       {{11, 10, 20, 40}, 0.9, 0},    // the same person
       {{-30, -5, 50, 200}, 0.8, 0},  // extends beyond the frame
       {{100, 10, 20, 20}, 0.95, 0},
       {{20, 80, 30, -1}, 0.9, 0},  // outside the frame; negative size
       {{20, std::nan(""), 30, 10}, 0.9, 0},
       {{60, 50, 10, 10}, 0.3, 0}}};
  auto people = merge_people(boxes, 90, 80, 0.6);
  REQUIRE(people.size() == 3);
  CHECK(people[0].score == 0.9);
  CHECK(people[0].box.x == 11);
  CHECK(people[1].score == 0.8);
  CHECK(people[1].box.x == 0);
  CHECK(people[1].box.y == 0);
  CHECK(people[1].box.w == 20);
  CHECK(people[1].box.h == 80);
  CHECK(people[2].score == 0.3);

  people = merge_people(boxes, 90, 80, 0.6, 2);
  REQUIRE(people.size() == 2);
  CHECK(people[1].score == 0.8);

  // IoU 0.9048 = 19 / 21
  CHECK(merge_people(boxes, 90, 80, 0.95).size() == 4);
}

TEST_CASE("a person detected at two sizes gets the mean of both boxes") {
  const std::vector<std::vector<ops::ScoredBox>> by_size{
      {{{10, 10, 20, 40}, 0.6, 0}, {{60, 20, 10, 30}, 0.5, 0}},
      {{{12, 10, 20, 44}, 0.3, 0}, {{12, 10, 20, 40}, 0.2, 0}, {{60, 60, 10, 10}, 0.4, 0}}};
  const auto people = merge_people(by_size, 100, 100, 0.6);
  REQUIRE(people.size() == 3);
  CHECK(people[0].score == 0.6);
  CHECK_THAT(people[0].box.x, WithinAbs((0.6 * 10 + 0.3 * 12) / 0.9, 1e-12));
  CHECK_THAT(people[0].box.w, WithinAbs(20, 1e-12));
  CHECK_THAT(people[0].box.h, WithinAbs((0.6 * 40 + 0.3 * 44) / 0.9, 1e-12));
  // detected at one size only: unchanged
  CHECK(people[1].box.x == 60);
  CHECK(people[1].box.h == 30);
  CHECK(people[2].score == 0.4);
  CHECK(people[2].box.h == 10);
}

TEST_CASE("nobody inside, around or beside another is dropped") {
  const auto count = [](const Box& a, const Box& b) {
    const std::vector<std::vector<ops::ScoredBox>> sizes{{{a, 0.9, 0}, {b, 0.5, 0}}};
    return merge_people(sizes, 1000, 1000, 0.6).size();
  };
  const Box whole{100, 100, 100, 300};
  const Box inside{105, 110, 90, 180};  // 54 % of its area
  CHECK(count(whole, inside) == 2);
  CHECK(count(inside, whole) == 2);
  CHECK(count(whole, {130, 100, 60, 200}) == 2);
  CHECK(count(whole, {140, 100, 100, 300}) == 2);
}

TEST_CASE("the network sees BGR, normalised, black beyond the frame") {
  Frame frame = frame_of(100, 60);
  for (std::size_t i = 0; i < frame.rgb.size(); i += 3) {
    frame.rgb[i] = 200;
    frame.rgb[i + 1] = 100;
    frame.rgb[i + 2] = 50;
  }
  const DetectorInput input = nanodet_input(frame, 64, at::kCPU, at::kFloat);
  REQUIRE(input.picture_nchw.sizes() == at::IntArrayRef({1, 3, 64, 64}));  // the frame has 38 rows
  CHECK_THAT(input.scale_x, WithinAbs(0.64, 1e-12));
  CHECK_THAT(input.scale_y, WithinAbs(38.0 / 60, 1e-12));
  const auto value = [&](int c, int y, int x) {
    return input.picture_nchw[0][c][y][x].item().toDouble();
  };
  for (const auto& [y, x] : {std::pair{0, 0}, {37, 63}, {20, 31}}) {
    CHECK_THAT(value(0, y, x), WithinAbs((50 - 103.53) / 57.375, 1e-5));
    CHECK_THAT(value(1, y, x), WithinAbs((100 - 116.28) / 57.12, 1e-5));
    CHECK_THAT(value(2, y, x), WithinAbs((200 - 123.675) / 58.395, 1e-5));
  }
  CHECK_THAT(value(0, 38, 0), WithinAbs(-103.53 / 57.375, 1e-5));
  CHECK_THAT(value(2, 63, 63), WithinAbs(-123.675 / 58.395, 1e-5));
}

TEST_CASE("shrinking does not alias") {
  Frame frame = frame_of(960, 96);  // alternating black and white columns
  for (std::size_t i = 0; i < frame.rgb.size(); ++i) frame.rgb[i] = i / 3 % 2 ? 255 : 0;
  const at::Tensor picture = nanodet_input(frame, 320, at::kCPU, at::kFloat).picture_nchw;
  const at::Tensor blue = picture[0][0].mul(57.375).add(103.53).narrow(1, 1, 318);
  CHECK(blue.min().item().toDouble() > 100);
  CHECK(blue.max().item().toDouble() < 155);
}

TEST_CASE("frames of any shape are accepted") {
  const io::SafetensorsFile weights(io::find_weights("nanodet-g"));
  DetectorOptions options;
  options.input_sizes = {96};
  options.device = {ops::DeviceKind::kCpu};
  options.min_score = 0;  // every cell
  const PersonDetector detector(weights, options);
  const c10::InferenceMode guard;
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {4000, 2}, {33, 97}}) {
    CAPTURE(width, height);
    const auto people = detector.detect(frame_of(width, height));
    CHECK(!people.empty());
    for (std::size_t i = 0; i < people.size(); ++i) {
      const Box& box = people[i].box;
      CHECK((box.x >= 0 && box.y >= 0 && box.w > 0 && box.h > 0));
      CHECK((box.x + box.w <= width + 1e-9 && box.y + box.h <= height + 1e-9));
      if (i > 0) CHECK(people[i].score <= people[i - 1].score);
    }
  }
}

TEST_CASE("invalid options and weights are rejected") {
  const io::SafetensorsFile weights(io::find_weights("nanodet-g"));
  const auto refused = [&](const DetectorOptions& options, const std::string& text) {
    CHECK_THROWS_MATCHES(PersonDetector(weights, options), Error,
                         MessageMatches(ContainsSubstring(text)));
  };
  refused({.input_sizes = std::vector<int>(9, 416)}, "--input-size: at most eight sizes");
  refused({.input_sizes = {416, 500}}, "--input-size: 500 is not a multiple of 32");
  refused({.input_sizes = {0}}, "--input-size: 0 is not");
  refused({.min_score = 1.5}, "--min-score: must be in [0, 1]");
  refused({.min_score = std::nan("")}, "--min-score");
  refused({.max_people = -1}, "--max-people");
}
