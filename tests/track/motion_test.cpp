// SPDX-License-Identifier: Apache-2.0
#include "track/association.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::track;
using Catch::Approx;

TEST_CASE("velocity is a mean that starts at rest") {
  Motion motion;
  CHECK(motion.after(5).x == 0);
  motion.observe({3, -6}, 1);
  CHECK(motion.after(1).x == Approx(1));
  CHECK(motion.after(4).y == Approx(-8));
  motion.observe({3, -6}, 1);
  CHECK(motion.after(1).x == Approx(1.5));
  for (int i = 0; i < 100; ++i) motion.observe({3, -6}, 1);
  CHECK(motion.after(1).x == Approx(3).epsilon(1e-3));
  motion.observe({13, -6}, 1);
  CHECK(motion.after(1).x == Approx(4).epsilon(1e-3));
}

TEST_CASE("a step over several frames is their sum") {
  Motion slow, fast;
  slow.observe({3, 3}, 1);
  fast.observe({12, 12}, 4);
  CHECK(slow.after(1).x == fast.after(1).x);
}

TEST_CASE("steps that are not finite are skipped") {
  Motion motion;
  motion.observe({3, 3}, 1);
  motion.observe({NAN, 1}, 1);
  motion.observe({1, INFINITY}, 1);
  CHECK(motion.after(1).x == Approx(1));
  CHECK(motion.after(1).y == Approx(1));
}
