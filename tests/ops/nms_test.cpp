// SPDX-License-Identifier: Apache-2.0
#include "ops/nms.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

using namespace vremd;
using namespace vremd::ops;

TEST_CASE("nms keeps the best of boxes that overlap", "[ops]") {
  const std::vector<ScoredBox> boxes = {
      {{0, 0, 10, 10}, 0.5, 0}, {{1, 0, 10, 10}, 0.9, 0}, {{20, 20, 5, 5}, 0.1, 0}};
  CHECK(nms(boxes, 0.5) == std::vector<int>{1, 2});
  CHECK(nms(boxes, 0.9) == std::vector<int>{1, 0, 2});
}

TEST_CASE("nms drops a box only above the threshold", "[ops]") {
  const std::vector<ScoredBox> boxes = {{{0, 0, 2, 1}, 0.9, 0}, {{0, 0, 1, 1}, 0.8, 0}};
  CHECK(nms(boxes, 0.5) == std::vector<int>{0, 1});  // IoU is 0.5
  CHECK(nms(boxes, 0.49) == std::vector<int>{0});
}

TEST_CASE("nms ignores dropped boxes", "[ops]") {
  const std::vector<ScoredBox> chain = {
      {{0, 0, 10, 10}, 0.9, 0}, {{4, 0, 10, 10}, 0.8, 0}, {{8, 0, 10, 10}, 0.7, 0}};
  CHECK(nms(chain, 0.3) == std::vector<int>{0, 2});
}

TEST_CASE("nms works within each label and keeps the order of equal scores", "[ops]") {
  const std::vector<ScoredBox> boxes = {
      {{0, 0, 10, 10}, 0.5, 1}, {{0, 0, 10, 10}, 0.5, 0}, {{0, 0, 10, 10}, 0.5, 1}};
  CHECK(nms(boxes, 0.5) == std::vector<int>{0, 1});
}

TEST_CASE("nms handles boxes without area and NaN", "[ops]") {
  CHECK(nms({}, 0.5).empty());
  const double nan = std::nan("");
  const std::vector<ScoredBox> boxes = {{{5, 5, 0, 0}, 0.9, 0},   {{0, 0, 10, 10}, 0.8, 0},
                                        {{5, 5, 0, 0}, 0.7, 0},   {{5, 5, 0, 3}, 0.6, 0},
                                        {{5, 5, -4, 3}, 0.5, 0},  {{nan, 0, 10, 10}, 0.4, 0},
                                        {{0, 0, 10, 10}, nan, 0}, {{9, 9, 9, 9}, nan, 0}};
  CHECK(nms(boxes, 0.5) == std::vector<int>{0, 1, 3, 4, 5, 7});
}
