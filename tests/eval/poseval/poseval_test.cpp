// SPDX-License-Identifier: Apache-2.0
// The traps of the official evaluator (SCORING 9), each by its number.
#include "core/error.h"
#include "eval/poseval/official_files.h"
#include "eval/poseval/poseval_frames.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <cmath>
#include <limits>

using namespace vremd;
using namespace vremd::annotation;
using namespace vremd::eval;
using Catch::Matchers::Message;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLimit = 15;  // pixels: half of 0.6 times the diagonal of the head box below

AnnotatedJoint at(int joint, double x, double y = 0, double score = 1) {
  return {joint, x, y, 1, score};
}

AnnotatedPerson person(std::int64_t track, std::vector<AnnotatedJoint> points) {
  AnnotatedPerson pose;
  pose.track = track;
  pose.head = HeadBox::of({100, 100, 30, 40});
  pose.has_joints = true;
  pose.joints = std::move(points);
  return pose;
}

AnnotatedFrame frame(std::vector<AnnotatedPerson> poses, std::vector<Polygon> regions = {}) {
  AnnotatedFrame result;
  result.persons = std::move(poses);
  result.ignore_regions = std::move(regions);
  return result;
}

PoseFile file(std::vector<AnnotatedFrame> frames, const std::string& path = "gt.json") {
  PoseFile result;
  result.path = path;
  result.frames = std::move(frames);
  return result;
}

using Frames = std::vector<AnnotatedFrame>;

std::vector<ScoredFrame> prepare(const Frames& truth, const Frames& predicted,
                                 FrameChoice choice = FrameChoice::kAnnotated) {
  return poseval_frames(file(truth), file(predicted, "pred.json"), choice, false);
}

PoseSamples samples(const Frames& truth, const Frames& predicted) {
  PoseSamples all;
  for (const ScoredFrame& one : prepare(truth, predicted)) add_samples(one, all);
  return all;
}

PoseAp ap(const Frames& truth, const Frames& predicted) {
  return pose_ap(samples(truth, predicted));
}

// Appends a last frame, which is ignored.
PoseMotCounts mot(Frames truth, Frames predicted, MotCompat compat = MotCompat::k102) {
  truth.push_back(frame({person(0, {at(0, 0)})}));
  predicted.push_back(frame({}));
  return count_mot(prepare(truth, predicted), compat);
}

bool near(double a, double b) { return std::fabs(a - b) < 1e-9; }

}  // namespace

TEST_CASE("trap 1: the total is the mean of the 15 joints") {
  const Frames both = {frame({person(0, {at(12, 0), at(13, 50), at(14, 90), at(0, 20)})})};
  const PoseAp scores = ap(both, both);
  CHECK(scores.ap.back() == 400.0 / 15);
  CHECK(pose_columns(scores.ap)[0] == 100);  // head; the ankles have 50, five columns 0
  CHECK(pose_columns(scores.ap)[6] == 50);
}

TEST_CASE("trap 2: a joint predicted where none is annotated is wrong") {
  const PoseSamples all =
      samples({frame({person(0, {at(0, 0)})})}, {frame({person(0, {at(0, 0), at(1, 0)})})});
  CHECK(all[0].right == std::vector<char>{1});
  CHECK(all[1].right == std::vector<char>{0});
}

TEST_CASE("trap 3: all joints of an unassigned prediction are wrong") {
  const AnnotatedPerson annotated = person(0, {at(0, 0), at(1, 50)});
  const AnnotatedPerson other =
      person(1, {at(0, 10), at(1, 500)});  // free, but not the best of anyone
  const AnnotatedPerson good = person(5, {at(0, 0), at(1, 50)});
  const AnnotatedPerson lesser = person(6, {at(0, 4), at(1, 54)});
  const PoseSamples all = samples({frame({annotated, other})}, {frame({lesser, good})});
  // Equally good: the first one gets the person.
  CHECK(all[0].right == std::vector<char>{1, 0});
  CHECK(all[1].right == std::vector<char>{1, 0});
  CHECK(all[0].truths == 2);
}

TEST_CASE("trap 3: the share of right joints decides the assignment, not the scores") {
  const AnnotatedPerson annotated = person(0, {at(0, 0), at(1, 50)});
  const PoseSamples all =
      samples({frame({annotated})}, {frame({person(1, {at(0, 0, 0, 0.9), at(1, 99, 0, 0.9)}),
                                            person(2, {at(0, 0, 0, 0.1), at(1, 50, 0, 0.1)})})});
  CHECK(all[0].right == std::vector<char>{0, 1});
  CHECK(all[1].right == std::vector<char>{0, 1});
}

TEST_CASE("traps 4 and 5: AP is 0 without predictions, NaN without annotations, as is the column") {
  const PoseAp scores = ap({frame({person(0, {at(0, 0), at(12, 0), at(14, 9)})})},
                           {frame({person(0, {at(0, 0), at(13, 0), at(12, 0)})})});
  CHECK(scores.ap[0] == 100);
  CHECK(scores.ap[14] == 0);  // annotated only
  CHECK(scores.rec[14] == 0);
  CHECK(scores.ap[5] == 0);  // neither
  CHECK(std::isnan(scores.ap[13]));
  CHECK(std::isnan(scores.rec[13]));
  CHECK(scores.pre[13] == 0);
  CHECK(std::isnan(pose_columns(scores.ap)[0]));
  CHECK(scores.ap.back() == 200.0 / 14);
  const PoseSamples nose =
      samples({frame({person(0, {at(0, 0)})})}, {frame({person(0, {at(0, 0), at(13, 0)})})});
  CHECK(pose_ap(nose, MissingTruth::kZero).ap[13] == 0);
  CHECK(official_table(scores).ends_with(
      "&  nan &  0.0 &  0.0 &  0.0 &  0.0 &  0.0 & 50.0 & 14.3 \\\\\n"));
}

TEST_CASE("trap 6: a frame counts by its list of people before anything is dropped") {
  AnnotatedPerson hollow = person(0, {});
  hollow.has_joints = false;
  const Frames predicted = {frame({person(0, {at(0, 0)})}), frame({person(0, {at(0, 0)})})};
  const auto frames = prepare({frame({hollow}), frame({})}, predicted);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].truth.empty());
  PoseSamples all;
  add_samples(frames[0], all);
  CHECK(all[0].right == std::vector<char>{0});
}

TEST_CASE("trap 7: a frame without predictions is one miss and one false positive") {
  const AnnotatedPerson two_joints = person(0, {at(0, 0), at(1, 0)});
  const PoseMotCounts counts = mot({frame({two_joints, person(1, {at(0, 90)})})}, {frame({})});
  for (const MotCounts& joint : counts) {
    CHECK(joint.objects == 1);
    CHECK(joint.misses == 1);
    CHECK(joint.false_positives == 1);
    CHECK(joint.detections == 0);
  }
}

TEST_CASE("trap 7: so is a frame with all annotated people inside an ignore region") {
  const Polygon region = {{-50, -50}, {50, -50}, {50, 50}, {-50, 50}};
  const PoseMotCounts counts = mot({frame({person(0, {at(0, 0)})}, {region})},
                                   {frame({person(0, {at(0, 90)}), person(1, {at(0, 95)})})});
  CHECK(counts[0].false_positives == 1);
  CHECK(counts[7].objects == 1);
}

TEST_CASE("trap 8: the last frame that counts is not tracked") {
  const Frames both = {frame({person(0, {at(0, 0)})}), frame({person(0, {at(0, 0)})}), frame({})};
  CHECK(count_mot(prepare(both, both), MotCompat::k102)[0].objects == 1);
  CHECK(count_mot(prepare({both[0]}, {both[0]}), MotCompat::k102)[0].objects == 0);
  CHECK(count_mot({}, MotCompat::k102)[0].objects == 0);
}

TEST_CASE("trap 9: later py-motmetrics add up distances several times") {
  const Frames truth = {frame({person(0, {at(0, 0)}), person(1, {at(0, 6)})}),
                        frame({person(0, {at(0, 0)})})};
  const Frames predicted = {frame({person(0, {at(0, 0)}), person(1, {at(0, 9)})}),
                            frame({person(7, {at(0, 3)})})};
  // In units of 3 pixels: matches 0, 1, then a switch 1. Possible pairs: 0, 3, 2, 1, then 1. Once
  // more for 7, never matched before.
  const auto sum = [&](MotCompat compat) {
    return mot(truth, predicted, compat)[0].distances * 10;
  };
  CHECK(near(sum(MotCompat::k102), 0 + 1 + 1));
  CHECK(near(sum(MotCompat::k120), 0 + 1 + 1 + (0 + 3 + 2 + 1) + 1 + 1));
  CHECK(mot(truth, predicted)[0].switches == 1);
}

TEST_CASE("trap 9: a hypothesis moving to another object counts again, to a new one twice") {
  const Frames one = {frame({person(0, {at(0, 0)})}), frame({person(1, {at(0, 3)})})};
  const Frames predicted = {frame({person(4, {at(0, 0)})}), frame({person(4, {at(0, 0)})})};
  // RAW 0 and 1, match 0 and 1, TRANSFER 1, MIGRATE 1
  CHECK(near(mot(one, predicted, MotCompat::k120)[0].distances * 10, 4));
  CHECK(near(mot(one, predicted, MotCompat::k102)[0].distances * 10, 1));
}

TEST_CASE("trap 10: version 1.4.0 forgets a pair that was apart for a frame") {
  const auto truth = [](double x) { return frame({person(0, {at(0, x)}), person(9, {at(1, 0)})}); };
  const Frames gt = {truth(0), truth(0), truth(0)};
  const Frames predicted = {frame({person(4, {at(0, 0)})}),
                            frame({person(5, {at(1, 0)})}),  // not this joint
                            frame({person(4, {at(0, 9)}), person(6, {at(0, 1)})})};
  CHECK(mot(gt, predicted, MotCompat::k102)[0].switches == 0);
  CHECK(mot(gt, predicted, MotCompat::k120)[0].switches == 0);
  CHECK(mot(gt, predicted, MotCompat::k140)[0].switches == 1);
  const Frames together = {predicted[0], predicted[2]};
  CHECK(mot({gt[0], gt[1]}, together, MotCompat::k140)[0].switches == 0);
}

TEST_CASE("trap 11: MOTP is 0 without detections, MOTA is NaN without annotations") {
  const Frames both = {frame({person(0, {at(0, 0)})})};
  const PoseMot scores = pose_mot(mot(both, both));
  CHECK(scores.motp[0] == 100);
  CHECK(scores.motp[1] == 0);
  CHECK(near(scores.motp.back(), 100.0 / 15));
  CHECK(std::isnan(scores.mota[1]));
  CHECK(std::isnan(scores.pre[1]));
  CHECK(std::isnan(scores.rec[1]));
  CHECK(scores.mota.back() == 100);
}

TEST_CASE("trap 12: at half a head size a joint is still right") {
  const Frames truth = {frame({person(0, {at(0, 0)})})};
  CHECK(ap(truth, {frame({person(0, {at(0, kLimit)})})}).ap[0] == 100);
  CHECK(ap(truth, {frame({person(0, {at(0, std::nextafter(kLimit, 16))})})}).ap[0] == 0);
  const PoseMotCounts edge = mot(truth, {frame({person(0, {at(0, kLimit)})})});
  CHECK(edge[0].detections == 1);
}

TEST_CASE("trap 13: a joint on the edge of a region stays") {
  const Polygon region = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
  const AnnotatedPerson pose = person(0, {at(0, 10, 5), at(1, 5, 5), at(2, 11, 5)});
  const auto frames = prepare({frame({pose}, {region})}, {frame({pose})});
  CHECK(frames[0].truth[0].joints() == 2);
  CHECK(frames[0].predicted[0].joints() == 2);
  CHECK_FALSE(frames[0].predicted[0].has[1]);
}

TEST_CASE("trap 14: an empty list of points is a person, but not beside a region") {
  const Polygon region = {{1, 1}, {2, 1}, {2, 2}};
  const AnnotatedPerson empty = person(0, {});
  CHECK(prepare({frame({empty})}, {frame({empty})})[0].truth.size() == 1);
  CHECK(prepare({frame({empty})}, {frame({empty})})[0].predicted.size() == 1);
  CHECK(prepare({frame({empty}, {region})}, {frame({empty})})[0].truth.empty());
  CHECK(prepare({frame({empty}, {region})}, {frame({empty})})[0].predicted.empty());
}

TEST_CASE("the first of duplicate ids counts, or the next if it is inside a region") {
  const Polygon region = {{-5, -5}, {5, -5}, {5, 5}, {-5, 5}};
  const AnnotatedPerson twice = person(0, {at(0, 0), at(0, 100)});
  CHECK(prepare({frame({twice})}, {frame({twice})})[0].truth[0].x[0] == 0);
  CHECK(prepare({frame({twice}, {region})}, {frame({twice})})[0].truth[0].x[0] == 100);
}

TEST_CASE("trap 15: only (0, 0, 0) is absent") {
  const std::string rest =
      R"(,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0)";
  const PoseFile read = parse_pose_file(
      R"({"images":[{"id":1}],"annotations":[{"image_id":1,"track_id":0,"bbox_head":[0,0,30,40],)"
      R"("keypoints":[0,0,1, -4,-5,0, 7,0,0, 0,0,0)" +
          rest + "]}]}",
      "a.json");
  const auto frames = poseval_frames(read, read, FrameChoice::kAnnotated, true);
  CHECK(frames[0].truth[0].has[13]);
  CHECK(frames[0].truth[0].has[12]);
  CHECK(frames[0].truth[0].has[14]);
  CHECK(frames[0].truth[0].joints() == 3);
}

TEST_CASE("trap 17: frames are paired by index, and their number must agree") {
  Frames truth = {frame({person(0, {at(0, 0)})}), frame({person(0, {at(0, 50)})})};
  Frames predicted = truth;
  predicted[0].file_name = truth[1].file_name = "1.jpg";
  predicted[1].image_id = 77;
  CHECK(ap(truth, predicted).ap[0] == 100);
  predicted.pop_back();
  CHECK_THROWS_MATCHES(ap(truth, predicted), Error,
                       Message("pred.json: 1 frames, but gt.json has 2"));
}

TEST_CASE("trap 18: equal scores are ranked as by numpy, in reverse") {
  // Right, wrong: with equal scores the later one comes first.
  const PoseSamples all =
      samples({frame({person(0, {at(0, 0)})})},
              {frame({person(0, {at(0, 0, 0, 0.5)}), person(1, {at(0, 90, 0, 0.5)})})});
  CHECK(pose_ap(all).ap[0] == 50);
}

TEST_CASE("trap 19: head_bottom is called neck in the official files") {
  const std::string json = official_json(PoseAp{}.rows(), "NaN");
  CHECK(json.find(R"("12": "neck", "13": "nose", "14": "head_top", "15": "total"}})") !=
        std::string::npos);
  CHECK(json.starts_with(R"({"ap": [0.0, 0.0, )"));
}

TEST_CASE("trap 20: only the first video of a PoseTrack18 file is read") {
  Frames frames = {frame({person(0, {at(0, 0)})}), frame({person(1, {at(0, 0)})}),
                   frame({person(2, {at(0, 0)})})};
  frames[0].file_name = "images/000001_mpii_test/000000.jpg";
  frames[1].file_name = "images/000002_mpii_test/000000.jpg";
  frames[2].file_name = "images/000001_mpii_test/000001.jpg";
  PoseFile both = file(frames);
  CHECK(poseval_frames(both, both, FrameChoice::kAnnotated, true).size() == 3);
  both.form = AnnotationForm::kCoco;
  const auto kept = poseval_frames(both, both, FrameChoice::kAnnotated, true);
  REQUIRE(kept.size() == 2);
  CHECK(kept[1].truth[0].track == 2);
}

TEST_CASE("trap 23: distances are measured in 0.6 of the head box's diagonal") {
  CHECK(HeadBox::of({0, 0, 30, 40}).size() == 30);
  AnnotatedPerson truth = person(0, {at(0, 0)});
  truth.box = Box{0, 0, 1000, 1000};
  CHECK(ap({frame({truth})}, {frame({person(0, {at(0, 16)})})}).ap[0] == 0);
  truth.head = HeadBox::of({5, 5, 0, 0});  // a point: nothing is near
  CHECK(ap({frame({truth})}, {frame({person(0, {at(0, 0)})})}).ap[0] == 0);
}

TEST_CASE("trap 24: track 0 is an ordinary track, also across a dummy frame") {
  const Frames truth = {frame({person(0, {at(0, 0)})}), frame({person(0, {at(0, 0)})}),
                        frame({person(0, {at(0, 0)})})};
  const Frames predicted = {frame({person(3, {at(0, 0)})}), frame({}),
                            frame({person(3, {at(0, 9)}), person(4, {at(0, 0)})})};
  const PoseMotCounts counts = mot(truth, predicted);
  CHECK(counts[0].switches == 0);
  CHECK(counts[0].detections == 2);
  CHECK(counts[0].misses == 1);
  CHECK(counts[0].false_positives == 2);
}

TEST_CASE("trap 25: NaN in the official files, or null") {
  PoseAp scores;
  scores.ap[0] = kNaN;
  CHECK(official_json(scores.rows(), "NaN").starts_with(R"({"ap": [NaN, 0.0, )"));
  CHECK(official_json(scores.rows(), "null").starts_with(R"({"ap": [null, 0.0, )"));
}

TEST_CASE("numbers are written as by Python") {
  CHECK(python_number(0, "NaN") == "0.0");
  CHECK(python_number(-0.0, "NaN") == "-0.0");
  CHECK(python_number(68.75, "NaN") == "68.75");
  CHECK(python_number(1.0 / 3, "NaN") == "0.3333333333333333");
  CHECK(python_number(1e-5, "NaN") == "1e-05");
  CHECK(python_number(0.0001, "NaN") == "0.0001");
  CHECK(python_number(1e16, "NaN") == "1e+16");
  CHECK(python_number(123456789012345680.0, "NaN") == "1.2345678901234568e+17");
  CHECK(python_number(9999999999999998.0, "NaN") == "9999999999999998.0");
  CHECK(python_number(-kNaN, "NaN") == "NaN");
  CHECK(python_number(-INFINITY, "NaN") == "-Infinity");
}

TEST_CASE("cells of a table are five characters wide") {
  PoseMot scores;
  scores.mota.fill(-100);
  scores.motp.back() = 100;
  scores.pre.back() = -0.04;
  scores.rec.back() = kNaN;
  CHECK(
      official_table(scores).ends_with("&-100.0 &-100.0 &-100.0 &-100.0 &-100.0 &-100.0 &-100.0 "
                                       "&-100.0 &100.0 & -0.0 &  nan \\\\\n"));
}

TEST_CASE("frames by is_labeled") {
  Frames truth = {frame({person(0, {at(0, 0)})}), frame({}), frame({person(0, {})}), frame({})};
  truth[1].labelled = true;   // nobody
  truth[2].labelled = false;  // only boxes
  const Frames predicted(4);
  const auto kept = prepare(truth, predicted, FrameChoice::kLabelled);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].truth.size() == 1);
  CHECK(kept[1].truth.empty());
  CHECK(prepare(truth, predicted).size() == 2);
}

TEST_CASE("joints without a score are ranked last") {
  const PoseSamples all =
      samples({frame({person(0, {at(0, 0)})})},
              {frame({person(0, {at(0, 0, 0, kNoScore)}), person(1, {at(0, 99, 0, -50)})})});
  CHECK(pose_ap(all).ap[0] == 50);
}

TEST_CASE("the official program's errors name the frame") {
  const auto check = [](const Frames& truth, const Frames& predicted, bool tracks,
                        const std::string& message) {
    CHECK_THROWS_MATCHES(
        poseval_frames(file(truth), file(predicted, "pred.json"), FrameChoice::kAnnotated, tracks),
        Error, Message(message));
  };
  const AnnotatedPerson one = person(0, {at(0, 0)});
  AnnotatedPerson nobody = one;
  nobody.track.reset();
  AnnotatedFrame named = frame({one, one});
  named.file_name = "a/2.jpg";
  // Also in frames that do not count.
  check({frame({one}), frame({})}, {frame({one}), named}, false,
        "pred.json: frame 1 (a/2.jpg): duplicate track_id 0");
  check({frame({})}, {frame({person(10000, {})})}, false,
        "pred.json: frame 0: track_id 10000 is not below 10000");
  check({frame({person(10000, {})})}, {frame({})}, false,
        "gt.json: frame 0: track_id 10000 is not below 10000");
  check({frame({one})}, {frame({nobody})}, true,
        "pred.json: frame 0: person without track_id, required for tracking");
  check({frame({nobody})}, {frame({one})}, true,
        "gt.json: frame 0: person without track_id, required for tracking");
  check({frame({one}, {{{0, 0}, {1, 1}}})}, {frame({})}, false,
        "gt.json: frame 0: ignore region 0: 2 points are not a polygon");
  AnnotatedPerson headless = one;
  headless.head.reset();
  check({frame({headless})}, {frame({one})}, false, "gt.json: frame 0: person without head box");
  CHECK(prepare({frame({headless})}, {frame({})}).size() == 1);
  // AP accepts several people without a track id.
  CHECK(ap({frame({one})}, {frame({nobody, nobody})}).pre[0] == 50);
  CHECK(prepare({frame({one, one})}, {frame({person(9999, {})})}).size() == 1);
}
