// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/pose_errors.h"

#include "eval/poseval/poseval_frames.h"

#include <fmt/core.h>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::annotation;
using namespace vremd::eval;

namespace {

constexpr int kNose = 13, kNeck = 12, kTop = 14, kRight = 8, kLeft = 9;  // shoulders: kRight, kLeft

struct At {
  int joint;
  double x, y;
};

// The head size is 10, so joints are right up to 5 pixels away.
ScoredPose pose(std::initializer_list<At> joints, Box box = {}, double overlap = 0) {
  ScoredPose result;
  result.head_size = 10;
  result.box = box;
  result.overlap = overlap;
  for (const At& one : joints) {
    result.has[one.joint] = true;
    result.x[one.joint] = one.x;
    result.y[one.joint] = one.y;
  }
  return result;
}

std::string annotation_text(int id, const std::string& box) {
  std::string keypoints = "1,2,1";
  for (int i = 1; i < 17; ++i) keypoints += ",0,0,0";
  return R"({"image_id":1,"track_id":)" + std::to_string(id) + R"(,"bbox_head":[0,0,1,1],"bbox":)" +
         box + R"(,"keypoints":[)" + keypoints + "]}";
}

std::string rect(double x1, double y1, double x2, double y2) {
  return fmt::format(R"({{"x1":[0],"y1":[0],"x2":[9],"y2":[9],"annopoints":[{{"point":[)"
                     R"({{"id":[0],"x":[{}],"y":[{}]}},{{"id":[1],"x":[{}],"y":[{}]}}]}}]}})",
                     x1, y1, x2, y2);
}

}  // namespace

TEST_CASE("head joints within half a head size of a shoulder of their person") {
  ScoredFrame frame;
  frame.truth = {pose({{kRight, 0, 0}, {kLeft, 40, 0}, {kNose, 20, -20}, {kNeck, 3, 0}}),
                 pose({{kNose, 500, 0}, {0, 500, 50}}),          // no shoulder
                 pose({{kLeft, 1000, 0}, {kNose, 1000, -20}})};  // one
  frame.predicted = {pose({{kRight, 0, 0},
                           {kLeft, 40, 0},
                           {kNose, 4, 3},     // just near, wrong
                           {kNeck, 3, 0},     // near, and right there
                           {kTop, 40, -5}}),  // near, not annotated
                     pose({{kNose, 500, 0}, {0, 500, 50}}),
                     pose({{kLeft, 1000, 0}, {kNose, 1000, -20}}),
                     pose({{kNose, 0, 0}})};  // unassigned
  PoseErrors errors;
  errors.add(frame);
  const auto& [nose, neck, top] = errors.head;
  CHECK(nose.near_shoulder == Share{2, 1});
  CHECK(nose.near_shoulder.percent() == 50);
  CHECK(nose.wrong == 1);
  CHECK(neck.near_shoulder == Share{1, 1});
  CHECK(neck.wrong == 0);
  CHECK(top.near_shoulder == Share{1, 1});
  CHECK(top.wrong == 1);
}

TEST_CASE("people by their overlap with others") {
  ScoredFrame frame;
  frame.truth = {pose({{0, 0, 0}, {1, 50, 0}}, {0, 0, 100, 100}, 0),
                 pose({{0, 200, 0}, {1, 250, 0}}, {200, 0, 100, 100}, 0.3),
                 pose({{0, 230, 0}}, {220, 0, 100, 100}, 0.29)};
  frame.predicted = {
      pose({{0, 0, 0}, {1, 90, 0}}, {0, 0, 100, 100}),       // 0 right, 1 wrong
      pose({{0, 215, 0}, {1, 250, 0}}, {200, 0, 100, 100}),  // 0 as far from the third person
      pose({{0, 231, 0}}, {220, 0, 100, 100}),
      pose({{1, 0, 90}}, {205, 0, 100, 100}),  // unassigned; its box is the second's
      pose({{1, 0, 190}}, {900, 0, 10, 10})};  // unassigned, no overlap
  for (ScoredPose& one : frame.predicted) one.score.fill(0.5);
  frame.predicted[3].score.fill(0.9);  // ranked before the right one

  PoseErrors errors;
  errors.add(frame);
  errors.score();
  const auto& [none, some, much] = errors.by_overlap;
  CHECK(none.people == 1);
  CHECK(some.people == 1);
  CHECK(much.people == 1);
  CHECK(none.samples[0].right == std::vector<char>{1});
  CHECK(none.samples[1].right == std::vector<char>{0, 0});
  CHECK(some.samples[0].right == std::vector<char>{1});
  CHECK(much.samples[1].right == std::vector<char>{1, 0});
  CHECK(none.ap.ap[0] == 100);
  CHECK(none.ap.ap[1] == 0);
  CHECK(none.ap.ap.back() == Catch::Approx(100. / 15));  // 0 for the others, not predicted
  CHECK(much.ap.ap[0] == 0);
  CHECK(much.ap.ap[1] == 50);  // found at precision 1 / 2

  PoseSamples all;
  add_samples(frame, all);
  for (int i = 0; i < kPoseJoints; ++i) {
    std::size_t samples = 0;
    std::int64_t truths = 0;
    for (const OverlapClass& one : errors.by_overlap) {
      samples += one.samples[i].scores.size();
      truths += one.samples[i].truths;
    }
    CHECK(samples == all[i].scores.size());
    CHECK(truths == all[i].truths);
  }
}

TEST_CASE("joints nearer to another person's same joint") {
  ScoredFrame frame;
  frame.truth = {pose({{0, 0, 0}, {1, 0, 100}, {2, 0, 200}}, {}, 0.5),
                 pose({{0, 30, 0}, {3, 0, 202}}, {}, 0.5)};
  frame.predicted = {pose({{0, 20, 0}, {1, 40, 100}, {2, 0, 201}}),
                     pose({{0, 15, 0}, {2, 0, 199}, {3, 0, 202}})};  // 0 is as near to both
  PoseErrors errors;
  errors.add(frame);
  CHECK(errors.nearer[0] == Share{2, 1});
  CHECK(errors.nearer[1] == Share{1, 0});  // the other has none
  CHECK(errors.nearer[2] == Share{1, 0});  // the second person has none
  CHECK(errors.nearer[3].of == 1);
  CHECK(errors.by_overlap[2].nearer.of == 5);
  CHECK(errors.by_overlap[2].nearer.percent() == 20);
  CHECK(std::isnan(errors.by_overlap[0].nearer.percent()));
  errors.score();
  CHECK(std::isnan(errors.by_overlap[0].ap.ap.back()));

  PoseErrors sum = errors, more = errors;
  sum.add(more);
  CHECK(sum.by_overlap[2].people == 4);
  CHECK(sum.by_overlap[2].samples[0].scores.size() == 4);
  CHECK(sum.nearer[0].of == 4);
}

TEST_CASE("the overlap of annotated boxes, and boxes around joints") {
  const PoseFile boxes = parse_pose_file(
      R"({"images":[{"id":1}],"annotations":[)" + annotation_text(1, "[0,0,100,100]") + "," +
          annotation_text(2, "[50,0,100,100]") + "," + annotation_text(3, "[150,0,100,100]") + "]}",
      "a.json");
  const auto people = poseval_frames(boxes, boxes, FrameChoice::kAnnotated, false)[0];
  CHECK(people.truth[0].overlap == Catch::Approx(5000. / 15000));
  CHECK(people.truth[1].overlap == people.truth[0].overlap);
  CHECK(people.truth[2].overlap == 0);  // only the edge
  CHECK(people.predicted[0].overlap == 0);
  CHECK(people.predicted[1].box.x == 50);

  const PoseFile joints = parse_pose_file(R"({"annolist":[{"annorect":[)" + rect(10, 10, 110, 60) +
                                              "," + rect(40, 10, 140, 60) + "]}]}",
                                          "a.json");
  const ScoredFrame frame = poseval_frames(joints, joints, FrameChoice::kAnnotated, false)[0];
  const Box& box = frame.truth[0].box;
  CHECK(box.x == Catch::Approx(-5));
  CHECK(box.y == Catch::Approx(2.5));
  CHECK(box.w == Catch::Approx(130));
  CHECK(box.h == Catch::Approx(65));
  CHECK(frame.truth[0].overlap == Catch::Approx(100. / 160));  // 30 of 130 pixels to the side
}
