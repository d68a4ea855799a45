// SPDX-License-Identifier: Apache-2.0
#include "eval/jitter/jitter.h"

#include "core/error.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::annotation;
using namespace vremd::eval;
using Catch::Approx;

namespace {

// Persons whose wrist is annotated, in boxes of 100 x 50, and their predictions.
struct Scene {
  void frame(std::int64_t index) {
    AnnotatedFrame& one = video.frames.emplace_back();
    one.index = index;
    predictions.emplace_back();
  }
  AnnotatedPerson& person(std::int64_t track, double x) {
    AnnotatedPerson& one = video.frames.back().persons.emplace_back();
    one.track = track;
    one.box = Box{0, 0, 100, 50};
    one.joints.push_back({kJoints->index("left_wrist"), x, 0, 1, std::nan(""), true});
    return one;
  }
  io::Keypoint& prediction(double x) {
    io::Instance& one = predictions.back().emplace_back();
    one.box = {0, 0, 100, 50};
    one.keypoints.resize(kJoints->joints.size());
    io::Keypoint& wrist = one.keypoints[static_cast<std::size_t>(kJoints->index("left_wrist"))];
    return wrist = {x, 0, 1};
  }
  Jitter score(PckLength length = PckLength::kBox) {
    Matching matching;
    for (std::size_t f = 0; f < video.frames.size(); ++f) {
      MatchedFrame& one = matching.frames.emplace_back();
      one.video = &video;
      one.truth = &video.frames[f];
      one.truth_joints = kJoints.get();
      one.predictions = predictions[f];
      one.joints = kJoints;
    }
    return jitter(matching, length);
  }

  static inline const auto kJoints = std::make_shared<const JointSet>(joint_set("posetrack17"));
  AnnotatedVideo video{"v", VideoSource::kFolder, "v", {}, {}};
  std::vector<std::vector<io::Instance>> predictions;
};

}  // namespace

TEST_CASE("acceleration of predictions, of the truth, and of their difference") {
  Scene scene;
  const double truth[] = {0, 10, 25, 45}, predicted[] = {1, 10, 23, 46};
  for (int f = 0; f < 4; ++f) {
    scene.frame(f);
    scene.person(5, truth[f]);
    scene.prediction(predicted[f]);
  }
  // Second differences: truth 5, 5; predicted 4, 10.
  const Jitter scores = scene.score();
  const JitterSum& wrist = scores.joints.at("left_wrist");
  CHECK(wrist.triples == 2);
  CHECK(wrist.pixels.predicted == Approx(14));
  CHECK(wrist.pixels.truth == Approx(10));
  CHECK(wrist.pixels.error == Approx(1 + 5));
  CHECK(wrist.lengths.error == Approx(0.06));  // the box's longer side is 100
  CHECK(scores.unpredicted == 0);
  CHECK(scores.frames[1].empty());
  CHECK(scores.frames[3].at("left_wrist").triples == 1);
  const Json json = jitter_json(scores, PckLength::kBox);
  CHECK(json["rows"]["wrist"]["pixels"]["error"] == 3);
  CHECK(json["rows"]["knee"]["pixels"]["error"].is_null());
  CHECK(json["rows"]["all"]["triples"] == 2);
}

TEST_CASE("only consecutive frames of a person count") {
  Scene scene;
  for (const int f : {0, 1, 3, 4, 5}) {  // one triple
    scene.frame(f);
    scene.person(5, f);
    scene.prediction(f);
  }
  scene.frame(6);
  scene.person(6, 6);  // somebody else
  scene.prediction(6);
  CHECK(scene.score().joints.at("left_wrist").triples == 1);
}

TEST_CASE("triples without a prediction or a length are counted") {
  Scene scene;
  for (int f = 0; f < 5; ++f) {
    scene.frame(f);
    scene.person(5, f);
    io::Keypoint& wrist = scene.prediction(f);
    if (f == 4) wrist = {0, 0, 0};
  }
  CHECK(scene.score().joints.at("left_wrist").triples == 2);
  CHECK(scene.score().unpredicted == 1);
  CHECK(scene.score(PckLength::kHead).without_length == 3);
  CHECK(scene.score(PckLength::kHead).joints.empty());
}

TEST_CASE("annotations without tracks are an error") {
  Scene scene;
  scene.frame(0);
  scene.person(5, 0).track.reset();
  CHECK_THROWS_AS(scene.score(), Error);
}

TEST_CASE("resampled accelerations") {
  Scene scene;
  for (int f = 0; f < 6; ++f) {
    scene.frame(f);
    scene.person(5, f);
    scene.prediction(f * f);
  }
  const Jitter scores = scene.score();
  const std::vector<std::size_t> units = {0, 0, 0, 1, 1, 1};
  const auto resampled = resampled_jitter(scores, units);
  REQUIRE(resampled->units() == 2);
  const auto names = resampled->names();
  const std::vector<std::uint32_t> times = {1, 3};
  const auto figures = resampled->figures(times);
  REQUIRE(names.size() == figures.size());
  CHECK(names[4].name == "acceleration wrist");
  CHECK(figures[4] == Approx(0.02));
  CHECK(figures[5] == Approx(0.02));
  CHECK(std::isnan(figures[0]));
}
