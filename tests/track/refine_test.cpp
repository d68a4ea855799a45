// SPDX-License-Identifier: Apache-2.0
#include "track/refine.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <string>

using namespace vremd;
using namespace vremd::track;
using Catch::Approx;

namespace {

std::optional<JointSet> arm() {
  return joint_set_of({"left_shoulder", "left_elbow", "left_wrist"});
}

// A person who walks 2 pixels per frame, with an arm of 30 and 30 pixels, at 25 frames per second.
struct Shot {
  explicit Shot(int count) {
    for (int f = 0; f < count; ++f) {
      io::FrameRecord& frame = frames.emplace_back();
      frame.frame = f;
      times.push_back(f / 25.0);
      io::Instance& one = frame.instances.emplace_back();
      const double x = 2 * f;
      one.track = 1;
      one.box = {x, 0, 100, 100};
      one.keypoints = {{x + 20, 20, 0.9}, {x + 20, 50, 0.8}, {x + 50, 50, 0.7}};
    }
  }

  RefineCounts refine(const RefineConfig& config) {
    return track::refine(frames, times, arm(), config);
  }
  io::Instance& person(std::size_t f) { return frames[f].instances.at(0); }
  io::Keypoint& wrist(std::size_t f) { return person(f).keypoints[2]; }

  std::vector<io::FrameRecord> frames;
  std::vector<double> times;
};

const RefineConfig kOnlyFill{.outliers = {0, 0}, .max_gap = {5}, .smooth = Smoothing::kNone};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a joint that jumps away and back is replaced") {
  Shot shot(30);
  shot.wrist(10) = {300, 300, 0.6};
  shot.wrist(11) = {310, 300, 0.6};
  const RefineCounts counts = shot.refine({.outliers = {10, 0}, .smooth = Smoothing::kNone});
  CHECK(counts.rejected_joints == 2);
  CHECK(counts.filled_joints == 2);
  CHECK(shot.wrist(10).x == Approx(70));
  CHECK(shot.wrist(11).y == Approx(50));
  CHECK(shot.wrist(10).score == 0.7);
  CHECK(shot.person(10).derived == Names{"left_wrist"});
  CHECK(shot.person(9).derived.empty());
  CHECK(shot.person(12).derived.empty());
}

TEST_CASE("speed is that relative to the person") {
  // The camera turns: everybody is elsewhere.
  Shot shot(30);
  for (std::size_t f = 15; f < 30; ++f) {
    shot.person(f).box.x += 200;
    for (io::Keypoint& keypoint : shot.person(f).keypoints) keypoint.x += 200;
  }
  CHECK(shot.refine({.outliers = {10, 2}}).rejected_joints == 0);
}

TEST_CASE("the places with the higher scores remain") {
  Shot shot(20);
  for (std::size_t f = 10; f < 12; ++f) shot.wrist(f).y = 400;
  for (std::size_t f = 12; f < 20; ++f) shot.wrist(f) = {0, 0, 0};  // 10 frames here, 2 there
  CHECK(shot.refine({.outliers = {10, 0}, .smooth = Smoothing::kNone}).rejected_joints == 2);
  CHECK(shot.wrist(9).score == 0.7);
  CHECK(shot.wrist(10).score == 0);
  CHECK(shot.wrist(10).x == 0);
}

TEST_CASE("after a second, a joint may be anywhere") {
  Shot shot(60);
  for (std::size_t f = 30; f < 60; ++f) shot.wrist(f).x += 100000;
  const RefineCounts counts = shot.refine({.outliers = {10, 0}, .smooth = Smoothing::kNone});
  CHECK(counts.rejected_joints >= 24);  // 25 frames are a second, but for rounding
  CHECK(counts.rejected_joints <= 25);
}

TEST_CASE("a limb that is too long loses the joint at fault") {
  Shot shot(30);
  shot.person(10).keypoints[1].x += 120;  // the elbow: both limbs are too long
  shot.wrist(20).x += 120;                // one is: the lower score goes
  const RefineCounts counts =
      shot.refine({.outliers = {0, 2}, .max_gap = {0}, .smooth = Smoothing::kNone});
  CHECK(counts.rejected_joints == 2);
  CHECK(counts.filled_joints == 0);
  CHECK(shot.person(10).keypoints[1].score == 0);
  CHECK(shot.wrist(10).score == 0.7);
  CHECK(shot.wrist(20).score == 0);
  CHECK(shot.person(20).keypoints[1].score == 0.8);
  CHECK(shot.person(10).derived.empty());
}

TEST_CASE("gaps up to the limit are filled") {
  for (const std::size_t length : {5, 6}) {
    Shot shot(30);
    for (std::size_t f = 10; f < 10 + length; ++f) shot.wrist(f) = {};
    shot.wrist(9).score = 0.5;
    const RefineCounts counts = shot.refine(kOnlyFill);
    CHECK(counts.filled_joints == (length == 5 ? 5 : 0));
    CHECK(counts.filled_people == 0);
    CHECK(shot.wrist(12).score == (length == 5 ? 0.5 : 0));
    CHECK(shot.wrist(12).x == Approx(length == 5 ? 74 : 0).margin(0.01));
  }
  Shot shot(30);
  for (std::size_t f = 10; f < 15; ++f) shot.wrist(f) = {};
  RefineConfig config = kOnlyFill;
  config.max_gap = {239, true};  // from frame 9 to 15: 240 ms
  CHECK(shot.refine(config).filled_joints == 0);
  config.max_gap = {241, true};
  CHECK(shot.refine(config).filled_joints == 5);
}

TEST_CASE("nothing is filled before the first and after the last value") {
  Shot shot(10);
  for (const std::size_t f : {0, 1, 8, 9}) shot.wrist(f) = {};
  CHECK(shot.refine(kOnlyFill).filled_joints == 0);
  CHECK(shot.wrist(9).score == 0);
}

TEST_CASE("people are added where their track has nobody") {
  Shot shot(30);
  for (const std::size_t f : {10, 11, 12}) shot.frames[f].instances.clear();
  shot.frames[12].damage = io::Damage::kMissing;
  io::Instance other;
  other.box = {1000, 0, 50, 100};
  shot.frames[11].instances.push_back(other);
  shot.person(9).score = 0.4;
  shot.person(13).box_score = 0.3;
  const RefineCounts counts = shot.refine(kOnlyFill);
  CHECK(counts.filled_people == 2);
  CHECK(counts.filled_joints == 6);
  REQUIRE(shot.frames[11].instances.size() == 2);
  CHECK(shot.frames[12].instances.empty());  // the frame could not be decoded
  const io::Instance& added = shot.frames[11].instances[1];
  CHECK(added.track == 1);
  CHECK(added.score == 0.4);
  CHECK(added.box_score == 0.3);
  CHECK(added.box.x == Approx(22));
  CHECK(added.box.w == Approx(100));
  CHECK(added.keypoints[2].x == Approx(72));
  CHECK(added.derived == Names{"left_shoulder", "left_elbow", "left_wrist", "box"});
}

TEST_CASE("nobody is added where somebody is") {
  Shot shot(30);
  shot.person(10).track.reset();
  shot.person(11).track = 2;
  CHECK(shot.refine(kOnlyFill).filled_people == 0);
  CHECK(shot.frames[10].instances.size() == 1);
}

TEST_CASE("both filters remove jitter") {
  for (const Smoothing smooth : {Smoothing::kButterworth, Smoothing::kKalman}) {
    Shot shot(60);
    for (std::size_t f = 0; f < 60; ++f) {
      for (io::Keypoint& keypoint : shot.person(f).keypoints) keypoint.y += f % 2 ? 2 : -2;
      shot.person(f).box.h += f % 2 ? 4 : -4;
    }
    shot.refine({.outliers = {}, .smooth = smooth, .cutoff = 4});
    for (std::size_t f = 10; f < 50; ++f) {
      CHECK(shot.wrist(f).y == Approx(50).margin(0.3));
      CHECK(shot.wrist(f).x == Approx(50 + 2.0 * static_cast<double>(f)).margin(0.1));
      CHECK(shot.wrist(f).score == 0.7);
      CHECK(shot.person(f).box.h == Approx(100).margin(0.6));
    }
    CHECK(shot.person(20).derived.empty());
  }
}

TEST_CASE("boxes without joints are filled and smoothed") {
  Shot shot(20);
  for (io::FrameRecord& frame : shot.frames) frame.instances[0].keypoints.clear();
  shot.frames[7].instances.clear();
  CHECK(refine(shot.frames, shot.times, std::nullopt, {}).filled_people == 1);
  CHECK(shot.person(7).derived == Names{"box"});
  CHECK(shot.person(7).keypoints.empty());
  CHECK(shot.person(7).box.x == Approx(14).margin(0.01));
}

TEST_CASE("gap limits") {
  CHECK(GapLimit::parse("12")->value == 12);
  CHECK_FALSE(GapLimit::parse("12")->is_time);
  CHECK(GapLimit::parse("0")->text() == "0");
  CHECK(GapLimit::parse("400ms")->is_time);
  CHECK(GapLimit::parse("400ms")->text() == "400ms");
  CHECK(GapLimit::parse("12.5ms")->value == 12.5);
  for (const char* text : {"", "ms", "-1", "1.5", "x", "3s", "infms", "nanms", "-2ms"}) {
    CHECK_FALSE(GapLimit::parse(text));
  }
}
