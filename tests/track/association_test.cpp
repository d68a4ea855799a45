// SPDX-License-Identifier: Apache-2.0
#include "track/tracker.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::track;
using Catch::Approx;

namespace {

io::Instance person(Box box, std::vector<io::Keypoint> keypoints = {}) {
  io::Instance one;
  one.box = box;
  one.keypoints = std::move(keypoints);
  return one;
}

}  // namespace

TEST_CASE("the similarity of poses is OKS, weighted with the lower score") {
  const Box box{0, 0, 100, 100};
  const std::vector<double> sigmas = {0.05, 0.1};
  const io::Instance a = person(box, {{10, 10, 1}, {50, 50, 0.5}});
  CHECK(similarity(a, a, sigmas) == 1);
  // 10 pixels are one time 2 x 0.05 x 100, 20 are one time 2 x 0.1 x 100: exp(-1/2) each.
  const io::Instance b = person(box, {{20, 10, 1}, {50, 70, 0.5}});
  CHECK(similarity(a, b, sigmas) == Approx(std::exp(-0.5)));
  CHECK(similarity(b, a, sigmas) == similarity(a, b, sigmas));
  const io::Instance c = person(box, {{20, 10, 0.25}, {50, 50, 1}});
  CHECK(similarity(a, c, sigmas) == Approx((0.25 * std::exp(-0.5) + 0.5) / 0.75));
  // The area is the mean of both: here (10000 + 30000) / 2.
  const io::Instance d = person({0, 0, 100, 300}, {{20, 10, 1}, {0, 0, 0}});
  CHECK(similarity(a, d, sigmas) == Approx(std::exp(-0.25)));
}

TEST_CASE("without a shared joint the boxes decide") {
  const std::vector<double> sigmas = {0.05, 0.1};
  const io::Instance a = person({0, 0, 10, 10}, {{1, 1, 1}, {0, 0, 0}});
  CHECK(similarity(a, person({5, 0, 10, 10}, {{0, 0, 0}, {9, 9, 1}}), sigmas) == Approx(1.0 / 3));
  CHECK(similarity(a, person({5, 0, 10, 10}), {}) == Approx(1.0 / 3));
  CHECK(similarity(a, person({5, 0, 10, 10}, {{NAN, 1, 1}, {2, 2, 1}}), sigmas) == Approx(1.0 / 3));
  CHECK(similarity(a, person({NAN, 0, 10, 10}), {}) == 0);
  CHECK(similarity(a, person({0, 0, 0, 10}), {}) == 0);
}

TEST_CASE("the area is the box's, else the keypoints'") {
  CHECK(person_area(person({0, 0, 4, 5})) == 20);
  const std::vector<io::Keypoint> keypoints = {{0, 0, 0}, {10, 20, 1}, {13, 22, 0.1}, {NAN, 0, 1}};
  CHECK(person_area(person({0, 0, 0, 5}, keypoints)) == 6);
  CHECK(person_area(person({0, NAN, 4, 5}, keypoints)) == 6);
  CHECK(person_area(person({0, 0, 0, 5}, {{10, 20, 1}})) == 0);
  CHECK(person_area(person({0, 0, -4, -5})) == 0);
}

TEST_CASE("the displacement is the joints', else the boxes'") {
  const io::Instance a = person({0, 0, 10, 10}, {{1, 1, 1}, {2, 2, 1}, {3, 3, 0}});
  const Point by = displacement(a, person({90, 0, 10, 10}, {{2, 1, 1}, {4, 5, 1}, {9, 9, 1}}));
  CHECK(by.x == 1.5);
  CHECK(by.y == 1.5);
  const io::Instance b = person({0, 0, 1, 1}, {{2, 1, 1}, {4, 2, 0.25}, {0, 0, 0}});
  const Point weighted = displacement(a, b);
  CHECK(weighted.x == Approx(1.2));
  const Point boxes = displacement(a, person({10, 0, 20, 10}));
  CHECK(boxes.x == 15);
  CHECK(boxes.y == 0);
  const io::Instance there = moved(a, {5, -1});
  CHECK(there.box.x == 5);
  CHECK(there.box.w == 10);
  CHECK(there.keypoints[1].y == 1);
}

TEST_CASE("joints have the sigmas of COCO and openpifpaf") {
  CHECK(oks_sigma("nose") == .026);
  CHECK(oks_sigma("left_eye") == .025);
  CHECK(oks_sigma("right_hip") == .107);
  CHECK(oks_sigma("left_ankle") == .089);
  CHECK(oks_sigma("head_bottom") == .08);
  CHECK(oks_sigma("head_top") == .06);
  CHECK(oks_sigma("left_big_toe") == .068);
  CHECK(oks_sigma("tail") == .08);
}

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
