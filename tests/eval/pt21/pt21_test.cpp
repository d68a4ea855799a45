// SPDX-License-Identifier: Apache-2.0
// The PoseTrack21 kit: its outputs for the cases in tests/data/eval-cases, and its traps
// (SCORING 9).
#include "eval/pt21/pt21_scores.h"

#include "core/error.h"
#include "eval/pt21/pt21_frames.h"
#include "io/json_file.h"
#include "same_json.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>

using namespace vremd;
using namespace vremd::annotation;
using namespace vremd::eval;
using Catch::Matchers::Message;
namespace fs = std::filesystem;

namespace {

const fs::path kCases = VREMD_EVAL_CASES;

Pt21Scores score_case(const fs::path& folder, int threads = 1) {
  EvalConfig config;
  config.threads = threads;
  return pt21_scores(PoseSources(folder / "gt", {folder / "pred"}, threads), config);
}

std::vector<fs::path> cases() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::recursive_directory_iterator(kCases)) {
    if (entry.path().filename() != "posetrack21.json") continue;
    folders.push_back(entry.path().parent_path().parent_path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

// ---- people of the nose (13) and the right ankle (0) ------------------------------------------

constexpr int kNose = 13, kAnkle = 0, kNoseColumn = 0, kAnkleColumn = 14, kAll = 15;
constexpr double kHead = 30;  // pixels, of the head box below: similarity 0 from 15.003 on

AnnotatedJoint at(int joint, double x, double y = 50, double score = 1) {
  return {joint, x, y, 1, score};
}

AnnotatedPerson person(std::int64_t track, std::vector<AnnotatedJoint> points) {
  AnnotatedPerson pose;
  pose.track = track;
  pose.head = HeadBox::of({0, 0, 30, 40});  // 0.6 of 50
  pose.has_joints = true;
  pose.joints = std::move(points);
  return pose;
}

AnnotatedFrame frame(std::vector<AnnotatedPerson> poses, std::vector<Polygon> regions = {}) {
  AnnotatedFrame result;
  result.labelled = true;
  result.has_ignore_regions = true;
  result.persons = std::move(poses);
  result.ignore_regions = std::move(regions);
  return result;
}

using Frames = std::vector<AnnotatedFrame>;

PoseFile file(const Frames& frames, const std::string& path) {
  PoseFile result;
  result.path = path;
  result.form = AnnotationForm::kCoco;
  result.frames = frames;
  return result;
}

std::vector<ScoredFrame> prepare(const Frames& truth, const Frames& predicted,
                                 bool truncate = false) {
  return pt21_frames(file(truth, "gt.json"), file(predicted, "pred.json"), truncate).frames;
}

Hota hota_of(const Frames& truth, const Frames& predicted, bool fix = false) {
  return hota(prepare(truth, predicted), fix);
}

PoseAp ap_of(const Frames& truth, const Frames& predicted) {
  PoseSamples samples;
  for (const ScoredFrame& one : prepare(truth, predicted)) add_samples(one, samples);
  return pose_ap(samples, MissingTruth::kZero);
}

bool near(double a, double b) { return std::fabs(a - b) < 1e-12; }

}  // namespace

TEST_CASE("PT21: the kit's numbers and its text") {
  REQUIRE(cases().size() == 3);
  for (const fs::path& folder : cases()) {
    CAPTURE(folder.string());
    const Pt21Scores scores = score_case(folder);
    const Json expected = io::read_json_file(folder / "expected/posetrack21.json");
    const Json json = pt21_json(scores);
    CHECK(json["map"]["combined"] == expected["map"]["combined"]);  // to the last bit
    CHECK(json["map"]["sequences"] == expected["map"]["sequences"]);
    CHECK(json["map"]["pose_hota_results.txt"] == expected["map"]["pose_hota_results.txt"]);
    CHECK(same(json["hota"], expected["hota"]));
    std::string text;
    for (const char* name : {"pt21_stdout.txt", "pt21_hota_stdout.txt", "pt21_map_stdout.txt"}) {
      if (fs::exists(folder / "expected" / name))
        text += io::read_text_file(folder / "expected" / name);
    }
    CHECK(pt21_text(scores) == text);
  }
}

TEST_CASE("PT21: results are bit-identical with any number of threads") {
  const fs::path folder = kCases / "p6_synth_pt18";
  CHECK(pt21_json(score_case(folder, 1)) == pt21_json(score_case(folder, 4)));
}

TEST_CASE("trap 15: a joint is present if both coordinates are above 0") {
  AnnotatedPerson pose = person(1, {at(kNose, 5), at(kAnkle, 0.5, -1), at(1, 0, 5), at(2, -3, 5)});
  const auto frames = prepare({frame({pose})}, {frame({pose})});
  for (const ScoredPose& one : {frames[0].truth[0], frames[0].predicted[0]}) {
    CHECK(one.joints() == 1);
    CHECK(one.has[kNose]);
  }
}

TEST_CASE("trap 16: scores of integer keypoints are truncated only on request") {
  AnnotatedFrame predicted = frame({person(1, {at(kNose, 5, 5, 0.9), at(kAnkle, 5, 5, -0.9)})});
  const Frames truth = {frame({person(1, {at(kNose, 5, 5)})})};
  const auto score = [&](bool truncate) {
    const Pt21Frames kept =
        pt21_frames(file(truth, "gt.json"), file({predicted}, "pred.json"), truncate);
    CHECK(kept.integer_frames == predicted.integer_keypoints);
    return kept.frames[0].predicted[0].score;
  };
  CHECK(score(true)[kNose] == 0.9);
  predicted.integer_keypoints = true;
  CHECK(score(false)[kNose] == 0.9);
  CHECK(score(true)[kNose] == 0);
  CHECK(score(true)[kAnkle] == 0);
  CHECK(score(true)[1] == kNoScore);
}

TEST_CASE("trap 21: a frame without predictions misses the whole sequence's joints") {
  const AnnotatedFrame one = frame({person(1, {at(kNose, 50)})}), nobody = frame({});
  const Frames truth = {one, one, one}, predicted = {one, nobody, one};
  CHECK(hota_of(truth, predicted)[0][kNoseColumn].fn == 3);
  CHECK(hota_of(truth, predicted, true)[0][kNoseColumn].fn == 1);
  CHECK(hota_of(truth, predicted)[18][kNoseColumn].tp == 2);
  // Likewise a frame without annotated people.
  CHECK(hota_of(predicted, truth)[0][kNoseColumn].fp == 3);
  CHECK(hota_of(predicted, truth, true)[0][kNoseColumn].fp == 1);
  CHECK(hota_of({nobody, one}, {nobody, one})[0][kNoseColumn].fp == 0);
}

TEST_CASE("trap 22: the combined last column weights each sequence's mean by its matches") {
  // One sequence with two joints, both right; one with a joint whose identity switches.
  const AnnotatedFrame both = frame({person(1, {at(kNose, 50), at(kAnkle, 50)})});
  const Hota first = hota_of({both}, {both});
  const auto nose = [](std::int64_t track) { return frame({person(track, {at(kNose, 50)})}); };
  const Hota second = hota_of({nose(1), nose(1)}, {nose(1), nose(2)});
  CHECK(near(first[0][kAll].ass_a, 2.0 / 15));
  CHECK(near(second[0][kNoseColumn].ass_a, 0.5));
  CHECK(near(second[0][kAll].ass_a, 0.5 / 15));
  const Hota all = combined_hota(std::vector{first, second});
  CHECK(all[0][kAll].tp == 4);
  CHECK(near(all[0][kAll].ass_a, (2.0 / 15 * 2 + 0.5 / 15 * 2) / 4));
  CHECK(near(all[0][kNoseColumn].ass_a, (1 * 1 + 0.5 * 2) / 3));
  CHECK(near(all[0][kAll].hota, std::sqrt(all[0][kAll].det_a * all[0][kAll].ass_a)));
  CHECK(all[0][kAll].det_a == 1);
  CHECK(near(first[0][kAll].hota, 2.0 / 15));  // of a sequence the mean
}

TEST_CASE("trap 26: a joint that nobody annotated has AP 0, and counts in the mean") {
  const Frames truth = {frame({person(1, {at(kNose, 50)})})};
  const Frames predicted = {frame({person(1, {at(kNose, 50), at(kAnkle, 90)})})};
  const PoseAp scores = ap_of(truth, predicted);
  CHECK(scores.ap[kNose] == 100);
  CHECK(scores.ap[kAnkle] == 0);
  CHECK(scores.rec[kAnkle] == 0);
  CHECK(scores.ap.back() == 100.0 / 15);
  // Every prediction is wrong in a labelled frame without annotated people.
  const PoseAp more = ap_of({truth[0], frame({})}, {predicted[0], predicted[0]});
  CHECK(more.pre[kNose] == 50);
  CHECK(more.rec[kNose] == 100);
}

TEST_CASE("HOTA: a pair is kept up to the threshold of its similarity") {
  const Frames truth = {frame({person(1, {at(kNose, 50)})})};
  const auto matches = [&](double distance) {
    const Hota scores = hota_of(truth, {frame({person(1, {at(kNose, 50 + distance)})})});
    double count = 0;
    for (const HotaRow& row : scores) count += row[kNoseColumn].tp;
    return count;
  };
  CHECK(matches(0) == 19);
  CHECK(matches(0.5001 * kHead * 0.5 - 1e-9) == 10);
  CHECK(matches(0.5001 * kHead * 0.5 + 1e-9) == 9);
  CHECK(matches(15.1) == 0);

  // A similarity of 0.5 exactly is at the tenth threshold, and so is one an epsilon below.
  ScoredFrame one;
  one.truth.resize(1);
  one.truth[0].head_size = 1;
  one.truth[0].has[kNose] = true;
  one.predicted = one.truth;
  for (const double below : {0.0, 0x1p-53}) {
    one.predicted[0].x[kNose] = 0.25005 * (1 + 2 * below);
    const Hota scores = hota(std::span(&one, 1), false);
    CHECK(scores[9][kNoseColumn].tp == 1);
    CHECK(scores[10][kNoseColumn].tp == 0);
  }
}

TEST_CASE("HOTA: associations, fragments and localisation of a switched track") {
  const auto nose = [](std::int64_t track, double x) {
    return frame({person(track, {at(kNose, x)})});
  };
  // Tracks 7, 7, 8, 7: two pairs, and the first one in two runs.
  const Frames truth = {nose(1, 50), nose(1, 50), nose(1, 50), nose(1, 50)};
  const Hota scores = hota_of(truth, {nose(7, 50), nose(7, 53), nose(8, 50), nose(7, 50)});
  const int c = kNoseColumn;
  CHECK(scores[0][c].tp == 4);
  CHECK(near(scores[0][c].ass_a, (9.0 / 4 + 1.0 / 4) / 4));
  CHECK(near(scores[0][c].ass_re, (9.0 / 4 + 1.0 / 4) / 4));
  CHECK(near(scores[0][c].ass_pr, (9.0 / 3 + 1.0 / 1) / 4));
  CHECK(near(scores[0][c].frag_a, ((4.0 + 1.0) / 4 + 1.0 / 4) / 4));
  CHECK(near(scores[0][c].loc_a, (3 + 1 - 3 / kHead / 0.5001) / 4));
  CHECK(scores[0][c].det_a == 1);
  CHECK(near(scores[0][c].hota, std::sqrt(0.625)));
  CHECK(near(scores[0][c].fa_hota, std::sqrt(std::sqrt(0.625 * 0.375))));
  CHECK(near(scores[0][c].hota_loc_a, scores[0][c].hota * scores[0][c].loc_a));
  // Nothing is kept of the second frame at the highest threshold: no switch there, one run less.
  CHECK(scores[18][c].tp == 3);
  CHECK(scores[18][c].loc_a == 1);
  CHECK(near(scores[18][c].ass_a, (4.0 / 5 + 1.0 / 4) / 3));
  CHECK(scores[18][c].fn == 1);
  CHECK(scores[18][c].fp == 1);
  // A frame without a match does not end a run.
  const Hota gap = hota_of(truth, {nose(7, 50), nose(7, 90), nose(7, 50), nose(7, 50)});
  CHECK(near(gap[0][c].frag_a, gap[0][c].ass_a));
}

TEST_CASE("HOTA: the assignment maximises the sum of similarities") {
  // The nearest pair first would give 0.7 + 0; this is 0.3 + 0.5.
  const double step = 0.5001 * kHead;
  const Frames truth = {frame({person(1, {at(kNose, 100)}), person(2, {at(kNose, 100 + step)})})};
  const Frames predicted = {
      frame({person(1, {at(kNose, 100 + 0.3 * step)}), person(2, {at(kNose, 100 - 0.5 * step)})})};
  const Hota scores = hota_of(truth, predicted);
  CHECK(scores[0][kNoseColumn].tp == 2);
  CHECK(near(scores[0][kNoseColumn].loc_a, 0.4));
}

TEST_CASE("HOTA: nobody predicted, nobody annotated, no head") {
  const AnnotatedFrame one = frame({person(1, {at(kNose, 50)})}), nobody = frame({});
  const Hota missed = hota_of({one, one}, {nobody, nobody});
  CHECK(missed[5][kNoseColumn].fn == 2);  // once each, though no frame has predictions
  CHECK(missed[0][kAll].loc_a == 1);
  CHECK(missed[0][kAll].hota == 0);
  const Hota wrong = hota_of({nobody, nobody}, {one, one});
  CHECK(wrong[5][kNoseColumn].fp == 2);
  CHECK(wrong[0][kNoseColumn].loc_a == 1);
  CHECK(hota_of({}, {})[0][kAll].loc_a == 1);

  AnnotatedPerson headless = person(1, {at(kNose, 50)});
  headless.head = HeadBox::of({5, 5, 0, 0});
  const Hota scores = hota_of({frame({headless})}, {one});
  CHECK(scores[0][kNoseColumn].tp == 0);
  CHECK(scores[0][kNoseColumn].fn == 1);
}

TEST_CASE("PT21: unlabelled frames do not count") {
  AnnotatedFrame unlabelled = frame({person(1, {at(kNose, 50)})});
  unlabelled.labelled = false;
  unlabelled.persons[0].head.reset();
  CHECK(prepare({unlabelled}, {frame({person(1, {at(kNose, 50)})})}).empty());
}

TEST_CASE("PT21: ignore regions drop joints and people") {
  const Polygon left = {{0, 0}, {40, 0}, {40, 100}, {0, 100}};
  const Polygon corner = {{-10, -10}, {40, -10}, {40, 100}, {-10, 100}};  // (0, 0) is inside
  const AnnotatedPerson inside = person(1, {at(kNose, 10)}), edge = person(2, {at(kNose, 40)}),
                        both = person(3, {at(kNose, 10), at(kAnkle, 60)}), empty = person(4, {}),
                        above = person(5, {at(kNose, 5, -5)});
  const auto kept = [&](const Polygon& region) {
    const AnnotatedFrame one = frame({inside, edge, both, empty, above}, {region});
    return prepare({one}, {one})[0];
  };
  for (const ScoredFrame& result : {kept(left), kept(corner)}) {
    for (const auto& people : {result.truth, result.predicted}) {
      REQUIRE(people.size() >= 2);
      CHECK(people[0].track == 2);
      CHECK(people[0].has[kNose]);
      CHECK(people[1].track == 3);
      CHECK_FALSE(people[1].has[kNose]);
      CHECK(people[1].has[kAnkle]);
    }
  }
  // `above` has no joint that counts, but is kept for a coordinate above 0 outside the region.
  CHECK(kept(left).truth.size() == 3);
  CHECK(kept(corner).truth.size() == 2);
  // Without a region everybody is kept, also without joints.
  const AnnotatedFrame one = frame({empty});
  CHECK(prepare({one}, {one})[0].truth.size() == 1);
}

TEST_CASE("PT21: the kit's errors") {
  const AnnotatedPerson pose = person(1, {at(kNose, 50)});
  const AnnotatedFrame good = frame({pose});
  const auto refused = [](const Frames& truth, const Frames& predicted, const char* message) {
    CHECK_THROWS_MATCHES(prepare(truth, predicted), Error, Message(message));
  };
  refused({good, good}, {good}, "pred.json: 1 frames, but gt.json has 2");
  AnnotatedFrame other = good, third = good;
  other.image_id = 4;
  third.image_id = 3;
  refused({third}, {other}, "pred.json: frame 0: image id 4 instead of 3");
  refused({frame({pose, pose})}, {good}, "gt.json: frame 0: duplicate track_id 1");
  refused({good}, {frame({pose, pose})}, "pred.json: frame 0: duplicate track_id 1");
  AnnotatedPerson bare = pose;
  bare.track.reset();
  refused({good}, {frame({bare})}, "pred.json: frame 0: person without track_id");
  bare = pose;
  bare.head.reset();
  refused({frame({bare})}, {good}, "gt.json: frame 0: person without head box");
  CHECK(prepare({good}, {frame({bare})}).size() == 1);
  AnnotatedFrame lacking = good;
  lacking.labelled.reset();
  refused({lacking}, {good}, "gt.json: frame 0: no is_labeled");
  lacking = good;
  lacking.has_ignore_regions = false;
  refused({lacking}, {good}, "gt.json: frame 0: no ignore_regions_x and ignore_regions_y");
  refused({frame({pose}, {{{0, 0}, {1, 1}}})}, {good},
          "gt.json: frame 0: ignore region 0: 2 points are not a polygon");
}

TEST_CASE("PT21: the kit's order of joints") {
  CHECK(kPoseJointNames[kPoseJointsDownward[kNoseColumn]] == "nose");
  CHECK(kPoseJointNames[kPoseJointsDownward[1]] == "head_bottom");
  CHECK(kPoseJointNames[kPoseJointsDownward[kAnkleColumn]] == "right_ankle");
  std::array<int, kPoseJoints> sorted = kPoseJointsDownward;
  std::sort(sorted.begin(), sorted.end());
  for (int i = 0; i < kPoseJoints; ++i) CHECK(sorted[i] == i);
}
