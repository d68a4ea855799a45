// SPDX-License-Identifier: Apache-2.0
#include "video/live_queue.h"
#include "core/error.h"

#include <catch2/catch_test_macros.hpp>

#include <latch>

using namespace vremd;
using namespace vremd::video;

namespace {

// Gives frames at once, and then its end.
struct Burst {
  std::int64_t frames, cut_at = -1;
  bool fails = false;
  std::int64_t next = 0;
  std::latch ended{1};

  std::unique_ptr<Frame> operator()() {
    if (next == frames) {
      ended.count_down();
      if (fails) fail("broken");
      return nullptr;
    }
    auto frame = std::make_unique<Frame>();
    frame->index = next++;
    frame->cut = frame->index == cut_at;
    return frame;
  }
};

LiveQueue queue_of(Burst& burst, FrameRange counted = {}) {
  return LiveQueue([&burst] { return burst(); }, counted);
}

}  // namespace

TEST_CASE("the newest frames of a live source wait, and a cut is not skipped", "[live]") {
  Burst burst{.frames = 10, .cut_at = 4};
  auto queue = queue_of(burst);
  burst.ended.wait();
  const auto first = queue.next();
  CHECK(first->index == 8);
  CHECK(first->cut);
  const auto second = queue.next();
  CHECK(second->index == 9);
  CHECK_FALSE(second->cut);
  CHECK_FALSE(queue.next());
  CHECK(queue.skipped() == 8);
}

TEST_CASE("skipped frames of a live source are counted in a range", "[live]") {
  Burst burst{.frames = 10};
  auto queue = queue_of(burst, {.first = 2, .last = 6});
  burst.ended.wait();
  while (queue.next()) {
  }
  CHECK(queue.skipped() == 4);
}

TEST_CASE("an error of a live source follows its last frames", "[live]") {
  Burst burst{.frames = 1, .fails = true};
  auto queue = queue_of(burst);
  CHECK(queue.next()->index == 0);
  CHECK_THROWS_AS(queue.next(), Error);
}
