// SPDX-License-Identifier: Apache-2.0
#include "eval/pck/pck.h"

#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::annotation;
using namespace vremd::eval;

namespace {

// A frame with its people and predictions.
struct Scene {
  AnnotatedVideo video{"v", VideoSource::kStill, "v.jpg", {AnnotatedFrame{}}, {}};
  Matching matching;
  std::shared_ptr<const JointSet> joints =
      std::make_shared<const JointSet>(joint_set("posetrack17"));

  AnnotatedPerson& person(std::int64_t id, Box box) {
    AnnotatedPerson& one = video.frames[0].persons.emplace_back();
    one.id = id;
    one.box = box;
    return one;
  }
  // A predicted person with all keypoints at one point.
  io::Instance& prediction(Box box, Point at) {
    if (matching.frames.empty()) matching.frames.emplace_back();
    io::Instance& one = matching.frames[0].predictions.emplace_back();
    one.box = box;
    one.keypoints.assign(joints->joints.size(), {at.x, at.y, 1});
    return one;
  }
  MatchedFrame& frame() {
    if (matching.frames.empty()) matching.frames.emplace_back();
    MatchedFrame& one = matching.frames[0];
    one.video = &video;
    one.truth = &video.frames[0];
    one.truth_joints = &joint_set("posetrack17");
    one.joints = joints;
    return one;
  }
  Pck score(PckLength length = PckLength::kTorso, double threshold = 0.2) {
    frame();
    return pck(matching, length, threshold);
  }
};

void label(AnnotatedPerson& person, const char* joint, double x, double y, double v = 1) {
  const int index = joint_set("posetrack17").index(joint);
  std::erase_if(person.joints, [&](const AnnotatedJoint& one) { return one.index == index; });
  person.joints.push_back({index, x, y, v, std::nan(""), v > 0});
}

io::Keypoint& keypoint(io::Instance& instance, const char* joint) {
  return instance.keypoints[joint_set("posetrack17").index(joint)];
}

PckCount row(const Pck& scores, const std::string& name) {
  for (const auto& [label, count] : scores.rows()) {
    if (label == name) return count;
  }
  FAIL("no row " << name);
  return {};
}

const Box kBox{0, 0, 100, 200};

}  // namespace

TEST_CASE("the torso is the longer of the two diagonals that are labelled") {
  AnnotatedPerson person;
  const JointSet& joints = joint_set("posetrack17");
  const auto torso = [&] { return pck_length(person, joints, PckLength::kTorso); };
  CHECK_FALSE(torso());
  label(person, "left_shoulder", 30, 0);
  label(person, "right_hip", 0, 40);
  CHECK(torso() == 50);
  label(person, "right_shoulder", 0, 0);
  label(person, "left_hip", 60, 80);
  CHECK(torso() == 100);
  label(person, "left_hip", 60, 80, 0);  // v = 0 is not a label
  CHECK(torso() == 50);
  label(person, "left_shoulder", 0, 40);  // both ends coincide: no length
  CHECK_FALSE(torso());
  person.joints.clear();
  CHECK_FALSE(torso());
}

TEST_CASE("head and box lengths") {
  AnnotatedPerson person;
  const JointSet& joints = joint_set("posetrack17");
  CHECK_FALSE(pck_length(person, joints, PckLength::kHead));
  CHECK_FALSE(pck_length(person, joints, PckLength::kBox));
  person.head = HeadBox::of({5, 5, 30, 40});
  person.box = kBox;
  CHECK(pck_length(person, joints, PckLength::kHead) == 30);
  CHECK(pck_length(person, joints, PckLength::kBox) == 200);
  person.head = HeadBox::of({5, 5, 0, 0});
  CHECK_FALSE(pck_length(person, joints, PckLength::kHead));
}

TEST_CASE("a joint is right up to the threshold, and only labelled joints count") {
  Scene scene;
  AnnotatedPerson& person = scene.person(1, kBox);
  label(person, "left_shoulder", 60, 0);
  label(person, "right_hip", 0, 80);     // torso 100, tolerance 20
  label(person, "nose", 500, 500);       // far from the prediction
  label(person, "left_knee", 30, 0, 0);  // not labelled
  io::Instance& prediction = scene.prediction(kBox, {0, 100});
  keypoint(prediction, "left_shoulder") = {40, 0, 1};
  const Pck scores = scene.score();
  CHECK(scores.scored == 1);
  CHECK(row(scores, "hip").right == 1);  // exactly 20 away
  CHECK(row(scores, "shoulder").right == 1);
  CHECK(row(scores, "nose") == PckCount{0, 1});
  CHECK(row(scores, "knee").joints == 0);
  CHECK(row(scores, "12 body joints") == PckCount{2, 2});
  CHECK(scores.body() == PckCount{2, 2});
  CHECK(row(scores, "all").joints == 3);

  keypoint(scene.matching.frames[0].predictions[0], "right_hip").y = 100.01;
  CHECK(row(scene.score(), "hip").right == 0);
  CHECK(row(scene.score(PckLength::kTorso, 0.21), "hip").right == 1);
}

TEST_CASE("people without the length are skipped, those without prediction are missed") {
  Scene scene;
  AnnotatedPerson& good = scene.person(1, kBox);
  label(good, "left_shoulder", 60, 0);
  label(good, "right_hip", 0, 80);
  label(scene.person(2, {300, 0, 100, 200}), "left_knee", 350, 100);  // no torso
  scene.person(3, {600, 0, 100, 200});                                // no label at all
  scene.person(4, {0, 0, 1000, 1000}).crowd = true;
  const Pck torso = scene.score();
  CHECK(torso.scored == 1);
  CHECK(torso.skipped == 2);
  CHECK(torso.without_prediction == 1);
  CHECK(row(torso, "all") == PckCount{0, 2});
  const Pck box = scene.score(PckLength::kBox);
  CHECK(box.scored == 2);
  CHECK(box.skipped == 1);
}

TEST_CASE("predictions match people by id, the others by descending IoU") {
  Scene scene;
  scene.person(11, kBox);
  scene.person(12, {10, 0, 100, 200});
  scene.person(13, {500, 0, 100, 200});
  scene.person(14, {20, 0, 100, 200}).crowd = true;
  scene.prediction({30, 0, 100, 200}, {}).id = 11;  // by id, although nearer to 12
  scene.prediction({9, 0, 100, 200}, {});           // nearer to 12 than to 11
  scene.prediction({590, 0, 100, 200}, {});         // IoU below 0.5
  scene.prediction({12, 0, 100, 200}, {}).id = 14;  // of a crowd: unassigned
  CHECK(assign_predictions(scene.frame()) == std::vector<int>{0, 1, -1, -1});
  scene.prediction({505, 0, 100, 200}, {}).id = 12;  // an id of another file
  CHECK(assign_predictions(scene.frame()) == std::vector<int>{0, 1, 4, -1});

  for (AnnotatedPerson& person : scene.video.frames[0].persons) {
    label(person, "left_shoulder", 60, 0);
    label(person, "right_hip", 0, 80);
  }
  // One of three ids is distant: none is used.
  const Pck distant = scene.score();
  CHECK_FALSE(distant.uses_ids);
  CHECK(distant.distant_ids == 1);
  CHECK(distant.matched_by_id == 0);
  CHECK(distant.matched_by_box == 3);
  scene.matching.frames[0].predictions.back().id.reset();
  const Pck scores = scene.score();
  CHECK(scores.matched_by_id == 1);
  CHECK(scores.distant_ids == 0);
  CHECK(scores.matched_by_box == 2);
  CHECK(scores.without_prediction == 0);

  scene.prediction(kBox, {}).id = 11;
  CHECK_THROWS_WITH(scene.score(), "video v: frame 0: duplicate id 11");
}

TEST_CASE("the pair with the larger IoU is matched first in any order") {
  Scene scene;
  scene.person(1, {0, 0, 100, 200});
  scene.person(2, {20, 0, 100, 200});
  scene.prediction({18, 0, 100, 200}, {});
  scene.prediction({-5, 0, 100, 200}, {});
  CHECK(assign_predictions(scene.frame()) == std::vector<int>{1, 0});
}

TEST_CASE("a keypoint that a prediction lacks is a miss") {
  Scene scene;
  AnnotatedPerson& person = scene.person(1, kBox);
  label(person, "left_shoulder", 60, 0);
  label(person, "right_hip", 0, 80);
  label(person, "left_ear", 60, 0);
  scene.joints = std::make_shared<const JointSet>(joint_set("posetrack15"));  // no ears
  io::Instance& prediction = scene.prediction(kBox, {60, 0});
  prediction.id = 1;
  prediction.keypoints[scene.joints->index("left_shoulder")].x = std::nan("");
  const Pck scores = scene.score();
  CHECK(row(scores, "shoulder").right == 0);
  CHECK(row(scores, "ear") == PckCount{0, 1});
  CHECK(scores.never_predicted == std::set<std::string>{"left_ear"});
  CHECK(scores.without_prediction == 0);

  scene.joints = nullptr;
  CHECK_THROWS_AS(scene.score(), Error);
}
