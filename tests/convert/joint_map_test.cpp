// SPDX-License-Identifier: Apache-2.0
#include "convert/joint_map.h"

#include "core/error.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <limits>
#include <set>

using namespace vremd;
using namespace vremd::convert;
using Catch::Matchers::StartsWith;

namespace {

JointSet set_of(const std::vector<std::string>& names) { return joint_set_of(names); }

void check(const io::Keypoint& k, double x, double y, double score) {
  CHECK(k.x == x);
  CHECK(k.y == y);
  CHECK(k.score == score);
}

}  // namespace

TEST_CASE("joints are copied by name") {
  const JointMap map(set_of({"nose", "left_wrist", "left_ear"}),
                     set_of({"left_wrist", "right_wrist", "nose"}));
  io::Instance person;
  person.keypoints = {{1, 2, .5}, {3, 4, .25}, {5, 6, .75}};
  map.apply(person);
  REQUIRE(person.keypoints.size() == 3);
  check(person.keypoints[0], 3, 4, .25);
  check(person.keypoints[1], 0, 0, 0);
  check(person.keypoints[2], 1, 2, .5);
  CHECK(person.derived.empty());
  CHECK(map.dropped() == std::vector<std::string>{"left_ear"});
  CHECK(map.absent() == std::vector<std::string>{"right_wrist"});
  io::Instance bare;
  map.apply(bare);
  CHECK(bare.keypoints.empty());
}

TEST_CASE("joint sets implied by the number of joints") {
  const auto set = [](std::size_t count) { return joint_set_of_size(count, "", "a"); };
  CHECK(set(17).name == "coco17");
  const JointSet whole = set(133), halpe = set(136);
  for (const JointSet& one : {whole, halpe}) {
    CAPTURE(one.size());
    for (int i = 0; i < 17; ++i) CHECK(one.joints[i] == joint_set("coco17").joints[i]);
    CHECK(std::set(one.joints.begin(), one.joints.end()).size() == one.joints.size());
    CHECK(JointMap(one, joint_set_from("body25")).absent().empty());
    CHECK(JointMap(one, joint_set_from("halpe26")).absent().empty());
  }
  CHECK(whole.joints[22] == "right_heel");
  CHECK(whole.joints[23] == "face_0");
  CHECK(whole.joints[91] == "left_hand_root");
  CHECK(whole.joints[112] == "right_hand_root");
  CHECK(halpe.joints[25] == "right_heel");
  CHECK(halpe.joints[94] == "left_hand_root");
  CHECK(halpe.joints[115] == "right_hand_root");
  CHECK_THROWS_WITH(set(130), "a: 130 keypoints: unknown joints; use --input-joints");
}

TEST_CASE("neck, head top and mid hip are computed and marked as derived") {
  const JointMap map(set_of({"nose", "left_shoulder", "right_shoulder", "left_hip", "right_hip"}),
                     set_of({"head_bottom", "head_top", "neck", "mid_hip", "nose"}));
  io::Instance person;
  person.keypoints = {{10, 20, .5}, {0, 40, .25}, {30, 44, .75}, {4, 90, .5}, {20, 94, 1}};
  map.apply(person);
  check(person.keypoints[0], 15, 42, .5);  // the middle of the shoulders
  check(person.keypoints[1], 5, -2, .5);   // 2 nose - that, the nose's score
  check(person.keypoints[2], 15, 42, .5);
  check(person.keypoints[3], 12, 92, .75);
  check(person.keypoints[4], 10, 20, .5);
  CHECK(person.derived == std::vector<std::string>{"head_bottom", "head_top", "neck", "mid_hip"});

  // Absent or non-finite sources give no derived joint.
  person = {};
  person.keypoints = {{10, 20, .5},
                      {0, 0, 0},
                      {30, 44, .75},
                      {4, 90, .5},
                      {std::numeric_limits<double>::quiet_NaN(), 94, 1}};
  map.apply(person);
  for (int i = 0; i < 4; ++i) check(person.keypoints[i], 0, 0, 0);
  CHECK(person.derived.empty());
}

TEST_CASE("OpenPose's neck becomes head_bottom; derived joints stay derived") {
  const JointMap map(set_of({"neck", "left_shoulder", "right_shoulder"}),
                     set_of({"head_bottom", "left_shoulder"}));
  io::Instance person;
  person.keypoints = {{10, 20, .5}, {0, 40, .25}, {30, 44, .75}};
  person.derived = {"left_shoulder", "right_shoulder", "box"};
  map.apply(person);
  check(person.keypoints[0], 10, 20, .5);
  CHECK(person.derived == std::vector<std::string>{"head_bottom", "left_shoulder", "box"});
}

TEST_CASE("a derived joint has the lowest visibility of its sources") {
  const JointMap map(set_of({"nose", "left_shoulder", "right_shoulder"}),
                     set_of({"right_shoulder", "head_bottom", "left_ankle"}));
  io::Instance person;
  person.keypoints = {{10, 20, 1}, {0, 40, 1}, {30, 44, 0}};
  person.visibility = {2, 1, 0};
  map.apply(person);
  CHECK(person.visibility == std::vector<double>{0, 0, 0});
  person.keypoints = {{10, 20, 1}, {0, 40, 1}, {30, 44, 1}};
  person.visibility = {2, 1, 2};
  map.apply(person);
  CHECK(person.visibility == std::vector<double>{2, 1, 0});
}

TEST_CASE("joints of networks that lift poses") {
  const JointMap map(joint_set("coco17"), joint_set("h36m17"));
  CHECK(map.absent().empty());
  io::Instance person;
  person.keypoints.resize(17, {0, 0, 0});
  const auto at = [&](const char* joint) -> io::Keypoint& {
    return person.keypoints[joint_set("coco17").index(joint)];
  };
  at("left_shoulder") = {10, 20, .5};
  at("right_shoulder") = {30, 24, .75};
  at("left_hip") = {12, 80, .25};
  at("right_hip") = {28, 84, .5};
  at("nose") = {22, 4, 1};
  map.apply(person);
  check(person.keypoints[0], 20, 82, .375);  // pelvis
  check(person.keypoints[7], 20, 52, .5);    // spine
  check(person.keypoints[8], 20, 22, .625);  // thorax
  check(person.keypoints[9], 22, 4, 1);      // nose
  check(person.keypoints[10], 24, -14, 1);   // head_top
  check(person.keypoints[3], 0, 0, 0);       // right_ankle
  CHECK(person.derived == std::vector<std::string>{"pelvis", "spine", "thorax", "head_top"});

  const JointMap back(joint_set("mpii16"), joint_set("body25"));
  io::Instance other;
  other.keypoints.resize(16, {1, 2, .5});
  other.keypoints[6] = {7, 8, .5};  // pelvis
  back.apply(other);
  check(other.keypoints[8], 7, 8, .5);  // mid_hip
}

TEST_CASE("sets by name, by a list of names, and by size") {
  CHECK(joint_set_from("coco17").name == "coco17");
  CHECK(joint_set_from("body25").joints.at(8) == "mid_hip");
  CHECK(joint_set_from("openpose18").joints.size() == 18);
  CHECK(joint_set_from("halpe26").joints.at(17) == "head_top");
  CHECK(joint_set_from("nose,left_wrist").joints == std::vector<std::string>{"nose", "left_wrist"});
  CHECK_THROWS_WITH(joint_set_from("tail"), StartsWith("tail: no such joint or set of joints"));
  CHECK_THROWS_WITH(joint_set_from("nose,"), StartsWith(": no such joint"));
  CHECK_THROWS_WITH(joint_set_from("nose,nose"), "nose: duplicate joint");
  CHECK(joint_set_of_size(26, "", "f").joints.back() == "right_heel");
  CHECK(joint_set_of_size(17, "posetrack17", "f").name == "posetrack17");
  CHECK_THROWS_WITH(joint_set_of_size(17, "body25", "f"), "f: 17 keypoints, but body25 has 25");
  CHECK_THROWS_WITH(joint_set_of_size(3, "", "f"), StartsWith("f: 3 keypoints: unknown joints"));
}

TEST_CASE("the box around joints is 1.3 times as long on each side") {
  CHECK(!io::box_around({}));
  CHECK(!io::box_around({{0, 0, 0}}));
  const auto box = io::box_around({{10, 20, 1}, {0, 0, 0}, {110, 70, .5}});
  REQUIRE(box);
  CHECK(box->x == Catch::Approx(-5));
  CHECK(box->y == Catch::Approx(12.5));
  CHECK(box->w == Catch::Approx(130));
  CHECK(box->h == Catch::Approx(65));
  CHECK(io::is_absent({0, 0, 0}));
  CHECK(!io::is_absent({0, 0, .1}));
  CHECK(io::is_absent({std::numeric_limits<double>::infinity(), 1, 1}));
}
