// SPDX-License-Identifier: Apache-2.0
#include "draw/colours.h"

#include <catch2/catch_test_macros.hpp>

using namespace vremd;
using namespace vremd::draw;

namespace {

io::FrameRecord record(std::int64_t frame, std::vector<Box> boxes) {
  io::FrameRecord result;
  result.frame = frame;
  for (const Box& box : boxes) {
    result.instances.emplace_back();
    result.instances.back().box = box;
  }
  return result;
}

}  // namespace

TEST_CASE("a person keeps the colour when the order changes") {
  PersonColours colours;
  const auto first = colours.next(record(0, {{0, 0, 50, 100}, {200, 0, 50, 100}}));
  CHECK(first[0] != first[1]);
  const auto second = colours.next(record(1, {{205, 0, 50, 100}, {5, 0, 50, 100}}));
  CHECK(second[0] == first[1]);
  CHECK(second[1] == first[0]);
  // Two at one place: one of them is new.
  const auto third = colours.next(record(2, {{5, 0, 50, 100}, {8, 0, 50, 100}}));
  CHECK(third[0] == first[0]);
  CHECK(third[1] != first[0]);
  CHECK(third[1] != first[1]);
}

TEST_CASE("a person's colour survives some frames without them") {
  PersonColours colours;
  const int first = colours.next(record(0, {{0, 0, 50, 100}}))[0];
  colours.next(record(1, {}));
  CHECK(colours.next(record(5, {{3, 0, 50, 100}}))[0] == first);
  colours.next(record(100, {}));
  CHECK(colours.next(record(101, {{3, 0, 50, 100}}))[0] != first);
}

TEST_CASE("the track id determines the colour") {
  io::FrameRecord one = record(0, {{0, 0, 50, 100}, {200, 0, 50, 100}});
  one.instances[0].track = 7;
  one.instances[1].track = -1;
  PersonColours colours;
  const auto given = colours.next(one);
  CHECK(given[0] == 7);
  CHECK(given[1] >= 0);
}
