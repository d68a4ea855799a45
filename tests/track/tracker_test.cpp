// SPDX-License-Identifier: Apache-2.0
#include "track/tracker.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace vremd;
using namespace vremd::track;

namespace {

using Tracks = std::vector<std::int64_t>;  // 0: none

io::Instance person(Box box, double score = 1, std::vector<io::Keypoint> keypoints = {}) {
  io::Instance one;
  one.box = box;
  one.score = score;
  one.keypoints = std::move(keypoints);
  return one;
}

io::Instance at(double x, double score = 1) { return person({x, 0, 50, 100}, score); }

struct Video {
  explicit Video(const TrackerConfig& config = {}, const std::optional<JointSet>& joints = {})
      : tracker(config, joints) {}

  Tracks see(std::int64_t index, std::vector<io::Instance> people, bool cut = false) {
    io::FrameRecord frame;
    frame.frame = index;
    frame.cut = cut;
    frame.instances = std::move(people);
    tracker.assign(frame);
    Tracks tracks;
    for (const io::Instance& one : frame.instances) tracks.push_back(one.track.value_or(0));
    return tracks;
  }

  Tracker tracker;
};

}  // namespace

TEST_CASE("tracks follow their people in any order") {
  Video video;
  CHECK(video.see(0, {at(0), at(200)}) == Tracks{1, 2});
  CHECK(video.see(1, {at(205), at(5)}) == Tracks{2, 1});
  CHECK(video.see(2, {at(400), at(8), at(203)}) == Tracks{3, 1, 2});
  CHECK(video.tracker.tracks() == 3);
}

TEST_CASE("the sum of similarities decides, not the best pair") {
  // The second person is nearest to the first track: a greedy match would leave the others
  // unmatched.
  Video video;
  video.see(0, {at(0), at(30)});
  CHECK(video.see(1, {at(-25), at(14)}) == Tracks{1, 2});
}

TEST_CASE("the sum of similarities decides, not the number of pairs") {
  Video video;
  video.see(0, {at(0), at(25)});
  CHECK(video.see(1, {at(1), at(-26)}) == Tracks{1, 3});
}

TEST_CASE("an unseen track ends and its number is not reused") {
  Video video({.max_age = 3});
  CHECK(video.see(0, {at(0)}) == Tracks{1});
  CHECK(video.see(3, {at(0)}) == Tracks{1});  // frames 1 and 2 have no record
  CHECK(video.see(4, {}).empty());
  CHECK(video.see(6, {at(0)}) == Tracks{1});
  CHECK(video.see(10, {at(0)}) == Tracks{2});
  CHECK(video.see(11, {at(0), at(200)}) == Tracks{2, 3});
}

TEST_CASE("a cut ends all tracks") {
  Video video;
  CHECK(video.see(0, {at(0), at(200)}) == Tracks{1, 2});
  CHECK(video.see(1, {at(0), at(200)}, true) == Tracks{3, 4});
  CHECK(video.see(2, {at(0), at(200)}) == Tracks{3, 4});
}

TEST_CASE("low scores continue a track but do not start one") {
  Video video({.min_score = 0.5});
  CHECK(video.see(0, {at(0, 0.4), at(200, 0.5)}) == Tracks{0, 1});
  CHECK(video.see(1, {at(0, 0.4), at(200, 0.1)}) == Tracks{0, 1});
  CHECK(video.see(2, {at(0, 0.9), at(200, NAN)}) == Tracks{2, 1});
}

TEST_CASE("a low score never takes the track of a high one") {
  Video video({.min_score = 0.5});
  video.see(0, {at(0)});
  CHECK(video.see(1, {at(1, 0.3), at(5, 0.8)}) == Tracks{0, 1});
}

TEST_CASE("tracks of the input are replaced") {
  Video video({.min_score = 0.5});
  io::Instance high = at(0), low = at(200, 0.1);
  high.track = 77;
  low.track = 78;
  CHECK(video.see(0, {high, low}) == Tracks{1, 0});
}

TEST_CASE("people who walk through each other keep their tracks") {
  // They cross between frames 10 and 11 with alternating occlusion: only motion distinguishes them.
  Video video;
  for (int f = 0; f <= 20; ++f) {
    std::vector<io::Instance> people;
    if (f != 10) people.push_back(at(10.0 * f));
    if (f != 11) people.push_back(at(210 - 10.0 * f));
    CAPTURE(f);
    CHECK(video.see(f, people) == (f == 10 ? Tracks{2} : f == 11 ? Tracks{1} : Tracks{1, 2}));
  }
}

TEST_CASE("poses distinguish people with equal boxes") {
  const JointSet joints = joint_set_of({"left_wrist", "right_wrist"});
  const Box box{0, 0, 100, 100};
  const io::Instance high = person(box, 1, {{20, 10, 1}, {80, 10, 1}});
  const io::Instance low = person(box, 1, {{20, 90, 1}, {80, 90, 1}});
  Video video({}, joints);
  CHECK(video.see(0, {high, low}) == Tracks{1, 2});
  CHECK(video.see(1, {low, high}) == Tracks{2, 1});
  // Somebody without keypoints is compared by the box.
  CHECK(video.see(2, {person({1, 0, 100, 100})}).front() > 0);
  CHECK(video.tracker.tracks() == 2);
}

TEST_CASE("people without an area have no track") {
  Video video;
  const Tracks none{0, 0, 0, 1};
  const std::vector<io::Instance> odd = {person({10, 10, 0, 20}), person({NAN, 1, 2, 3}),
                                         person({5, 5, -10, 20}), at(300)};
  CHECK(video.see(0, odd) == none);
  CHECK(video.see(1, odd) == none);
  CHECK(video.tracker.untracked() == 6);
  CHECK(video.tracker.tracks() == 1);
}

TEST_CASE("huge coordinates do not affect other people") {
  Video video;
  const auto people = [](double x) {
    return std::vector<io::Instance>{at(x), person({1e308, 0, 1e308, 1e308}),
                                     person({0, 0, 1e200, 1e200})};
  };
  video.see(0, people(0));
  for (int f = 1; f < 5; ++f) CHECK(video.see(f, people(3.0 * f)).front() == 1);
}

TEST_CASE("a duplicate detection does not start a track") {
  Video video;
  CHECK(video.see(0, {at(0), at(0), at(5), at(30)}) == Tracks{1, 0, 0, 2});
  CHECK(video.see(1, {at(30), at(3), at(3)}) == Tracks{2, 1, 0});
}

TEST_CASE("videos without joints use a lower threshold") {
  const std::optional<JointSet> joints = joint_set("coco17");
  const auto second = [](const TrackerConfig& config, const std::optional<JointSet>& of) {
    Video video(config, of);
    video.see(0, {at(0)});
    return video.see(1, {at(30)})[0];  // an IoU of 20 / 80
  };
  CHECK(second({}, std::nullopt) == 1);
  CHECK(second({}, joints) == 2);
  TrackerConfig config;
  config.min_similarity = 0.26;
  CHECK(second(config, std::nullopt) == 2);
  config.min_similarity = 0.25;
  CHECK(second(config, joints) == 1);
}
