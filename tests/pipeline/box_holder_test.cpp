// SPDX-License-Identifier: Apache-2.0
#include "pipeline/box_holder.h"

#include <catch2/catch_test_macros.hpp>

#include <limits>
#include <vector>

using namespace vremd;
using namespace vremd::pipeline;

namespace {

io::FrameRecord frame_of(std::int64_t number, const std::vector<Box>& boxes) {
  io::FrameRecord frame;
  frame.frame = number;
  for (const Box& box : boxes) frame.instances.emplace_back().box = box;
  return frame;
}

double x_of(const io::FrameRecord& frame, std::size_t person = 0) {
  return frame.instances[person].box.x;
}

}  // namespace

TEST_CASE("a box is kept until the detected one has left it") {
  BoxHolder holder(0.8);
  std::vector<double> seen;
  for (int i = 0; i < 6; ++i) {  // 5 pixels a frame: the IoU with the first is 1, 0.90, 0.82, 0.74
    io::FrameRecord frame = frame_of(i, {{5.0 * i, 0, 100, 200}});
    CHECK(holder.hold(frame) == (i == 0 || i == 3 ? 0 : 1));
    seen.push_back(x_of(frame));
  }
  CHECK(seen == std::vector<double>{0, 0, 0, 15, 15, 15});
}

TEST_CASE("each held box is for one person, the one that overlaps it most") {
  BoxHolder holder(0.5);
  io::FrameRecord first = frame_of(0, {{0, 0, 100, 100}});
  holder.hold(first);
  io::FrameRecord second = frame_of(1, {{10, 0, 100, 100}, {2, 0, 100, 100}});
  CHECK(holder.hold(second) == 1);
  CHECK(x_of(second, 0) == 10);
  CHECK(x_of(second, 1) == 0);
}

TEST_CASE("cuts and gaps end held boxes") {
  for (const bool cut : {true, false}) {
    BoxHolder holder(0.5);
    io::FrameRecord first = frame_of(0, {{0, 0, 100, 100}});
    holder.hold(first);
    io::FrameRecord next = frame_of(cut ? 1 : 2, {{1, 0, 100, 100}});
    next.cut = cut;
    CHECK(holder.hold(next) == 0);
    CHECK(x_of(next) == 1);
  }
}

TEST_CASE("a box that is not finite stays as it is") {
  BoxHolder holder(0.5);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 2; ++i) {
    io::FrameRecord frame = frame_of(i, {{nan, 0, 100, 100}});
    CHECK(holder.hold(frame) == 0);
  }
}
