// SPDX-License-Identifier: Apache-2.0
#include "track/smoothing.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace vremd;
using namespace vremd::track;
using Catch::Approx;

namespace {

io::FrameRecord frame(std::int64_t index, double x, std::int64_t track = 1) {
  io::FrameRecord record;
  record.frame = index;
  io::Instance one;
  one.track = track;
  one.box = {x, 0, 50, 100};
  one.keypoints = {{x, 10, 0.9}, {x, 20, 0}};
  record.instances = {one};
  return record;
}

}  // namespace

TEST_CASE("one-euro matches the paper") {
  // Its own recursion, written out: alpha(fc) = 1 / (1 + 1 / (2 pi fc T)).
  const OneEuroConfig config{.min_cutoff = 1, .beta = 0.5, .derivative_cutoff = 2};
  const double seconds = 0.1, size = 4;
  const auto alpha = [&](double cutoff) {
    return 1 / (1 + 1 / (2 * std::numbers::pi * cutoff * seconds));
  };
  OneEuro filter;
  CHECK(filter.next(10, seconds, size, config) == 10);
  const double speed = alpha(2) * (4 / seconds);
  const double second = 10 + alpha(1 + 0.5 * speed / size) * 4;
  CHECK(filter.next(14, seconds, size, config) == Approx(second));
  const double next_speed = speed + alpha(2) * ((13 - second) / seconds - speed);
  const double third = second + alpha(1 + 0.5 * std::fabs(next_speed) / size) * (13 - second);
  CHECK(filter.next(13, seconds, size, config) == Approx(third));
  filter.reset();
  CHECK(filter.next(99, seconds, size, config) == 99);
}

TEST_CASE("jitter is smoothed and motion followed") {
  Smoother calm({}, 10), running({}, 10);
  double largest = 0;
  io::FrameRecord record;
  for (int f = 0; f < 50; ++f) {
    record = frame(f, f % 2 ? 101.0 : 99.0);
    calm.smooth(record, f / 25.0);
    if (f >= 20) largest = std::max(largest, std::fabs(record.instances[0].keypoints[0].x - 100));
  }
  CHECK(largest < 0.5);
  for (int f = 0; f < 50; ++f) {
    record = frame(f, 8.0 * f);
    running.smooth(record, f / 25.0);
  }
  const io::Instance& person = record.instances[0];
  CHECK(person.keypoints[0].x == Approx(8 * 49).margin(8));
  CHECK(person.keypoints[0].score == 0.9);
  CHECK(person.box.w == Approx(50));
}

TEST_CASE("the size of the picture does not matter") {
  Smoother small({}, 10), large({}, 10);
  for (int f = 0; f < 10; ++f) {
    io::FrameRecord one = frame(f, 3.0 * f * f), four = one;
    io::Instance& person = four.instances[0];
    person.box = {4 * person.box.x, 0, 200, 400};
    for (io::Keypoint& keypoint : person.keypoints) keypoint.x *= 4;
    small.smooth(one, f / 25.0);
    large.smooth(four, f / 25.0);
    CHECK(four.instances[0].keypoints[0].x == Approx(4 * one.instances[0].keypoints[0].x));
    CHECK(four.instances[0].box.x == Approx(4 * one.instances[0].box.x));
  }
}

TEST_CASE("a filter belongs to a track and ends with it") {
  Smoother smoother({}, 5);
  io::FrameRecord first = frame(0, 0);
  smoother.smooth(first, 0);
  io::FrameRecord other = frame(1, 40, 2);
  smoother.smooth(other, 0.04);
  CHECK(other.instances[0].keypoints[0].x == 40);
  io::FrameRecord same = frame(2, 40);
  smoother.smooth(same, 0.08);
  CHECK(same.instances[0].keypoints[0].x < 40);
  io::FrameRecord late = frame(8, 10);
  smoother.smooth(late, 0.32);
  CHECK(late.instances[0].keypoints[0].x == 10);
}

TEST_CASE("unusable keypoints are not smoothed") {
  Smoother smoother({}, 5);
  io::FrameRecord first = frame(0, 0);
  smoother.smooth(first, 0);
  io::FrameRecord second = frame(1, 40);
  io::Instance untracked = second.instances[0];
  untracked.track.reset();
  second.instances.push_back(untracked);
  second.instances[0].keypoints[0].x = NAN;
  second.instances[0].box.w = NAN;
  smoother.smooth(second, 0.04);
  CHECK(second.instances[0].keypoints[1].x == 40);  // its score is 0
  CHECK(second.instances[0].box.x == 40);
  CHECK(second.instances[1].keypoints[0].x == 40);
  io::FrameRecord third = frame(2, 60);  // begins anew
  smoother.smooth(third, 0.08);
  CHECK(third.instances[0].keypoints[0].x == 60);
  CHECK(third.instances[0].box.x == 60);
}
