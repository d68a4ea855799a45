// SPDX-License-Identifier: Apache-2.0
#include "data/triplet.h"
#include "core/error.h"

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <utility>
#include <vector>

using namespace vremd;
using namespace vremd::data;

namespace {

// A video of numbered frames that tracks which of them are still held.
struct FakeVideo {
  std::vector<double> times;
  std::set<std::int64_t> missing;
  std::int64_t larger_from = 1 << 30;  // frames from here on have a different size
  std::int64_t next = 0;
  std::vector<std::weak_ptr<const Frame>> given;

  static FakeVideo constant_rate(int frames, double fps = 25) {
    FakeVideo video;
    for (int i = 0; i < frames; ++i) video.times.push_back(i / fps);
    return video;
  }

  TripletWindow::Source source() {
    return [this]() -> FramePtr {
      if (next >= static_cast<std::int64_t>(times.size())) return nullptr;
      auto frame = std::make_shared<Frame>();
      frame->index = next;
      frame->time = times[next];
      frame->width = frame->height = next >= larger_from ? 8 : 4;
      frame->missing = missing.contains(next);
      given.push_back(frame);
      ++next;
      return frame;
    };
  }

  std::set<std::int64_t> held() const {
    std::set<std::int64_t> frames;
    for (const auto& frame : given) {
      if (const FramePtr one = frame.lock()) frames.insert(one->index);
    }
    return frames;
  }
};

std::pair<int, int> offsets(TripletWindow& window, std::int64_t key) {
  const auto triplet = window.around(key);
  REQUIRE(triplet);
  CHECK(triplet->key()->index == key);
  CHECK(triplet->frames[0]->index == key + triplet->neighbours[0]);
  CHECK(triplet->frames[2]->index == key + triplet->neighbours[1]);
  return {triplet->neighbours[0], triplet->neighbours[1]};
}

using Pair = std::pair<int, int>;

}  // namespace

TEST_CASE("neighbours are the adjacent frames, clamped at the ends") {
  FakeVideo video = FakeVideo::constant_rate(4);
  TripletWindow window(video.source(), {});
  CHECK(offsets(window, 0) == Pair(0, 1));
  CHECK(video.next == 2);  // reads a single frame ahead: a live source would block
  CHECK(offsets(window, 1) == Pair(-1, 1));
  CHECK(offsets(window, 2) == Pair(-1, 1));
  CHECK(offsets(window, 3) == Pair(-1, 0));
  CHECK_FALSE(window.around(4));
  CHECK(window.decoded() == 4);
}

TEST_CASE("the neighbours of a still are the still itself") {
  FakeVideo video = FakeVideo::constant_rate(1);
  TripletWindow window(video.source(), {});
  const auto triplet = window.around(0);
  REQUIRE(triplet);
  CHECK(triplet->neighbours == std::array<int, 2>{0, 0});
  CHECK(triplet->frames[0] == triplet->frames[1]);
  CHECK(triplet->frames[2] == triplet->frames[1]);
  CHECK(triplet->substituted == 0);
}

TEST_CASE("holds only the frames of the last triplet and decodes no further") {
  FakeVideo video = FakeVideo::constant_rate(100);
  TripletWindow window(video.source(), {});
  CHECK(offsets(window, 10) == Pair(-1, 1));
  CHECK(offsets(window, 11) == Pair(-1, 1));
  CHECK(video.held() == std::set<std::int64_t>{10, 11, 12});
  CHECK(offsets(window, 13) == Pair(-1, 1));
  CHECK(video.held() == std::set<std::int64_t>{12, 13, 14});
  CHECK(offsets(window, 50) == Pair(-1, 1));
  CHECK(video.held() == std::set<std::int64_t>{49, 50, 51});
  CHECK(window.decoded() == 52);
  CHECK(window.reach(99));
  CHECK_FALSE(window.reach(100));
  CHECK(window.decoded() == 100);
}

TEST_CASE("neighbours stay in the shot") {
  for (const bool by_time : {false, true}) {
    FakeVideo video = FakeVideo::constant_rate(12);
    TripletOptions options{.stride = 2};
    if (by_time) options = {.delta_ms = 80};
    TripletWindow window(video.source(), options);
    const auto neighbours = [&](std::int64_t key, TripletWindow::Shot shot) {
      return window.around(key, shot)->neighbours;
    };
    CHECK(neighbours(3, {0, 5}) == std::array{-2, 1});
    CHECK(neighbours(4, {0, 5}) == std::array{-2, 0});
    CHECK(neighbours(5, {5, 6}) == std::array{0, 0});  // a shot of one frame
    CHECK(neighbours(6, {6, INT64_MAX}) == std::array{0, 2});
    CHECK(neighbours(7, {6, INT64_MAX}) == std::array{-1, 2});
    CHECK(neighbours(11, {6, INT64_MAX}) == std::array{-2, 0});
  }
}

TEST_CASE("a stride is in frames and clamps at the ends") {
  FakeVideo video = FakeVideo::constant_rate(8);
  TripletWindow window(video.source(), {.stride = 3});
  CHECK(offsets(window, 0) == Pair(0, 3));
  CHECK(offsets(window, 1) == Pair(-1, 3));
  CHECK(offsets(window, 4) == Pair(-3, 3));
  CHECK(offsets(window, 6) == Pair(-3, 1));
  CHECK(offsets(window, 7) == Pair(-3, 0));
}

TEST_CASE("by time: the nearest frame on each side other than the key frame") {
  FakeVideo fast = FakeVideo::constant_rate(60, 100);  // 10 ms
  TripletWindow of_fast(fast.source(), {.delta_ms = 40});
  CHECK(offsets(of_fast, 0) == Pair(0, 4));
  CHECK(offsets(of_fast, 2) == Pair(-2, 4));
  CHECK(offsets(of_fast, 20) == Pair(-4, 4));
  CHECK(offsets(of_fast, 58) == Pair(-4, 1));

  FakeVideo slow = FakeVideo::constant_rate(5, 10);  // 100 ms
  TripletWindow of_slow(slow.source(), {.delta_ms = 40});
  CHECK(offsets(of_slow, 0) == Pair(0, 1));
  CHECK(offsets(of_slow, 2) == Pair(-1, 1));
  CHECK(offsets(of_slow, 4) == Pair(-1, 0));

  FakeVideo uneven;
  uneven.times = {0, 0.01, 0.035, 0.05, 0.052, 0.09, 0.2};
  TripletWindow of_uneven(uneven.source(), {.delta_ms = 40});
  CHECK(offsets(of_uneven, 3) == Pair(-2, 2));  // 0.01 and 0.09
  CHECK(offsets(of_uneven, 5) == Pair(-2, 1));  // 0.05 is nearer to 0.05 than 0.052; 0.2 is all
}

TEST_CASE("constant timestamps do not accumulate frames") {
  FakeVideo video;
  video.times.assign(2000, 0.0);
  TripletWindow window(video.source(), {.delta_ms = 40});
  const auto triplet = window.around(700);
  REQUIRE(triplet);
  CHECK(window.decoded() < 1000);
}

TEST_CASE("unusable neighbours are replaced by the key frame and counted") {
  FakeVideo video = FakeVideo::constant_rate(6);
  video.missing = {2};
  video.larger_from = 5;
  TripletWindow window(video.source(), {});
  const auto before = window.around(1);
  REQUIRE(before);
  CHECK(before->neighbours == std::array<int, 2>{-1, 0});
  CHECK(before->substituted == 1);
  CHECK(before->frames[2] == before->key());
  const auto after = window.around(3);
  REQUIRE(after);
  CHECK(after->neighbours == std::array<int, 2>{0, 1});
  const auto resized = window.around(4);
  REQUIRE(resized);
  CHECK(resized->neighbours == std::array<int, 2>{-1, 0});
  CHECK(resized->substituted == 1);
}

TEST_CASE("a stride of 0 uses only the key frame") {
  FakeVideo video = FakeVideo::constant_rate(4);
  TripletWindow window(video.source(), {.stride = 0});
  CHECK(offsets(window, 0) == Pair(0, 0));
  CHECK(offsets(window, 2) == Pair(0, 0));
  CHECK(video.next == 3);
}

TEST_CASE("invalid settings are rejected") {
  FakeVideo video = FakeVideo::constant_rate(2);
  CHECK_THROWS_AS(TripletWindow(video.source(), {.stride = -1}), Error);
  CHECK_THROWS_AS(TripletWindow(video.source(), {.delta_ms = -1}), Error);
}

TEST_CASE("frames that were skipped are no neighbours", "[triplet]") {
  const std::vector<std::int64_t> numbers{1, 2, 5, 6, 9};
  const auto window_of = [&](TripletOptions options) {
    return TripletWindow(
        [&numbers, next = std::size_t{0}]() mutable -> FramePtr {
          if (next == numbers.size()) return nullptr;
          auto frame = std::make_shared<Frame>();
          frame->index = numbers[next++];
          frame->time = static_cast<double>(frame->index) / 25;
          frame->width = frame->height = 4;
          return frame;
        },
        options);
  };
  auto window = window_of({});
  CHECK(offsets(window, 1) == std::pair(0, 1));
  CHECK(offsets(window, 2) == std::pair(-1, 3));
  CHECK(offsets(window, 5) == std::pair(-3, 1));
  CHECK(offsets(window, 6) == std::pair(-1, 3));
  CHECK(offsets(window, 9) == std::pair(-3, 0));
  CHECK_FALSE(window.around(10));

  // Of two that are far enough away, the nearer one; a frame that is skipped has no triplet.
  auto distant = window_of({.stride = 2});
  CHECK(offsets(distant, 2) == std::pair(-1, 3));
  CHECK(offsets(distant, 5) == std::pair(-3, 4));
  CHECK_FALSE(distant.around(7));

  auto in_shot = window_of({});
  const auto triplet = in_shot.around(5, {.first = 5, .end = 6});
  REQUIRE(triplet);
  CHECK(triplet->neighbours == std::array{0, 0});

  auto by_time = window_of({.delta_ms = 40});
  CHECK(offsets(by_time, 5) == std::pair(-3, 1));
}
