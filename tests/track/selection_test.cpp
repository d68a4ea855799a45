// SPDX-License-Identifier: Apache-2.0
#include "track/selection.h"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace vremd;
using namespace vremd::track;

namespace {

// A shot of 640 x 480 pixels.
struct Shot {
  explicit Shot(std::size_t count) : frames(count) {}

  // Somebody from a frame to before another one; track 0: none.
  void add(std::int64_t track, std::size_t from, std::size_t to, Box box) {
    for (std::size_t f = from; f < to; ++f) {
      io::Instance& one = frames[f].instances.emplace_back();
      if (track) one.track = track;
      one.box = box;
    }
  }
  // The tracks that are left; 0 for people without one.
  std::set<std::int64_t> select(const SelectionConfig& config) {
    std::vector<io::FrameRecord> copy = frames;
    select_tracks(copy, {640, 480}, config);
    std::set<std::int64_t> left;
    for (const io::FrameRecord& frame : copy) {
      for (const io::Instance& one : frame.instances) left.insert(one.track.value_or(0));
    }
    return left;
  }

  std::vector<io::FrameRecord> frames;
};

using Tracks = std::set<std::int64_t>;

}  // namespace

TEST_CASE("tracks by number and by length") {
  Shot shot(20);
  shot.add(0, 0, 20, {0, 0, 10, 10});
  shot.add(1, 0, 20, {0, 0, 10, 10});
  shot.add(2, 0, 5, {0, 0, 10, 10});
  shot.add(7, 4, 10, {0, 0, 10, 10});
  CHECK(shot.select({.tracks = {7, 2, 99}}) == Tracks{2, 7});
  CHECK(shot.select({.min_length = 6}) == Tracks{1, 7});
  CHECK(shot.select({.tracks = {2, 7}, .min_length = 6}) == Tracks{7});
  CHECK(shot.select({.min_length = 21}).empty());
}

TEST_CASE("the length is that of the frames in which somebody is seen") {
  Shot shot(20);
  shot.add(1, 0, 3, {0, 0, 10, 10});
  shot.add(1, 15, 18, {0, 0, 10, 10});
  CHECK(shot.select({.min_length = 6}) == Tracks{1});
  CHECK(shot.select({.min_length = 7}).empty());
}

TEST_CASE("preferences") {
  Shot shot(20);
  shot.add(1, 0, 20, {0, 0, 10, 10});      // longest
  shot.add(2, 0, 10, {0, 300, 100, 100});  // largest
  shot.add(3, 5, 12, {300, 220, 40, 40});  // in the middle
  CHECK(shot.select({.max_people = 1, .prefer = Preference::kLongest}) == Tracks{1});
  CHECK(shot.select({.max_people = 1, .prefer = Preference::kLargest}) == Tracks{2});
  CHECK(shot.select({.max_people = 1, .prefer = Preference::kMiddle}) == Tracks{3});
  CHECK(shot.select({.max_people = 2}) == Tracks{1, 2});
  CHECK(shot.select({.max_people = 3}) == Tracks{1, 2, 3});
}

TEST_CASE("the limit is that of each frame") {
  Shot shot(30);
  shot.add(1, 0, 12, {0, 0, 10, 10});
  shot.add(2, 12, 30, {0, 0, 10, 10});  // the same person later
  shot.add(3, 8, 17, {0, 0, 10, 10});   // somebody else meanwhile
  CHECK(shot.select({.max_people = 1}) == Tracks{1, 2});
  CHECK(shot.select({.max_people = 2}) == Tracks{1, 2, 3});
}

TEST_CASE("frames of another size have another middle") {
  Shot shot(2);
  for (io::FrameRecord& frame : shot.frames) frame.size = {100, 100};
  shot.add(1, 0, 2, {300, 220, 40, 40});
  shot.add(2, 0, 2, {40, 40, 20, 20});
  CHECK(shot.select({.max_people = 1, .prefer = Preference::kMiddle}) == Tracks{2});
}
