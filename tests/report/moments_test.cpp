// SPDX-License-Identifier: Apache-2.0
#include "report/moments.h"
#include "report/page.h"
#include "report/stills.h"
#include "report/summary.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <string>
#include <vector>

using namespace vremd;
using namespace vremd::report;
using Catch::Approx;

namespace {

constexpr double kInterval = 0.04;

// A walking person of 30 x 40 pixels (diagonal 50), 1 pixel per frame to the right.
io::Instance walker(std::int64_t track, int frame, double y = 100) {
  io::Instance one;
  one.box = {100.0 + frame, y, 30, 40};
  one.score = 0.8;
  one.track = track;
  return one;
}

io::FrameRecord frame_of(int index, std::vector<io::Instance> people) {
  io::FrameRecord frame;
  frame.frame = index;
  frame.time = index * kInterval;
  frame.instances = std::move(people);
  return frame;
}

// 60 frames of a walker, changed by `edit`.
std::vector<Moment> moments_of(const std::function<void(io::FrameRecord&)>& edit,
                               const std::optional<JointSet>& joints = {}, int frames = 60) {
  MomentFinder finder(joints);
  for (int i = 0; i < frames; ++i) {
    io::FrameRecord frame = frame_of(i, {walker(1, i)});
    edit(frame);
    finder.add(frame);
  }
  return finder.finish();
}

// "jump 20-20 of 1", ...
std::string text_of(const std::vector<Moment>& moments) {
  std::string text;
  for (const Moment& one : moments) {
    text += std::string(kMomentNames[static_cast<std::size_t>(one.kind)]) + " " +
            std::to_string(one.first) + "-" + std::to_string(one.last);
    if (one.track) text += " of " + std::to_string(*one.track);
    if (one.other) text += " and " + std::to_string(*one.other);
    text += "; ";
  }
  return text;
}

}  // namespace

TEST_CASE("a steady walk has no moments") {
  CHECK(text_of(moments_of([](io::FrameRecord&) {})).empty());
}

TEST_CASE("low score: less than half of the track's usual score") {
  const auto fallen = [](double score) {
    return moments_of([=](io::FrameRecord& frame) {
      if (frame.frame >= 30 && frame.frame < 34) frame.instances[0].score = score;
      if (frame.frame == 32) frame.instances[0].score -= 0.01;
    });
  };
  CHECK(fallen(0.42).empty());
  const auto moments = fallen(0.38);
  REQUIRE(text_of(moments) == "low_score 30-33 of 1; ");
  CHECK(moments[0].value == Approx(0.37));
  CHECK(moments[0].record->frame == 32);  // the worst of them is shown
  CHECK(moments[0].severity == Approx(1 - 0.37 / 0.8));
  // Not before ten frames are known; at the end of the video; of people without tracks.
  CHECK(
      moments_of([](io::FrameRecord& f) { f.instances[0].score = f.frame < 9 ? 0.8 : 0.1; }, {}, 10)
          .empty());
  CHECK(text_of(moments_of([](io::FrameRecord& f) {
          if (f.frame > 55) f.instances[0].score = 0.1;
        })) == "low_score 56-59 of 1; ");
  CHECK(text_of(moments_of([](io::FrameRecord& f) {
          f.instances[0].track.reset();
          if (f.frame == 40) f.instances[0].score = 0.1;
        })) == "low_score 40-40; ");
}

TEST_CASE("jump: more than half a diagonal per frame and 8 per second") {
  const auto jumped = [](double pixels, double interval = kInterval) {
    return text_of(moments_of([=](io::FrameRecord& frame) {
      frame.time = static_cast<double>(frame.frame) * interval;
      if (frame.frame >= 20) frame.instances[0].box.x += pixels;
    }));
  };
  CHECK(jumped(23) == "");  // 24 pixels of 25
  CHECK(jumped(25) == "jump 20-20 of 1; ");
  CHECK(jumped(40, 0.125) == "");  // 8 frames per second: 50 pixels
  CHECK(jumped(55, 0.125) == "jump 20-20 of 1; ");
  // Not across a cut, nor from boxes that are held.
  CHECK(text_of(moments_of([](io::FrameRecord& f) {
          if (f.frame >= 20) f.instances[0].box.x += 100;
          f.cut = f.frame == 20;
        })) == "");
  CHECK(text_of(moments_of([](io::FrameRecord& f) {
          const auto key = f.frame / 5 * 5;
          f.instances[0].box.x = 100 + 10 * static_cast<double>(key);
          if (key != f.frame) f.held = key;
        })) == "");
}

TEST_CASE("the motion of the fastest track") {
  MomentFinder finder({});
  finder.add(frame_of(0, {walker(1, 0), walker(2, 0, 300)}));
  CHECK_FALSE(finder.motion());
  io::Instance fast = walker(2, 1, 300);
  fast.box.x += 9;  // 10 pixels in 0.04 s, of a diagonal of 50
  finder.add(frame_of(1, {walker(1, 1), fast}));
  CHECK(finder.motion().value() == Approx(10 / 50.0 / kInterval));
  finder.add(frame_of(2, {walker(3, 2)}));
  CHECK_FALSE(finder.motion());
}

TEST_CASE("two tracks that change places are one switch, not two jumps") {
  const auto switched = moments_of([](io::FrameRecord& f) {
    f.instances.push_back(walker(2, static_cast<int>(f.frame), 300));
    if (f.frame >= 25) std::swap(f.instances[0].track, f.instances[1].track);
  });
  CHECK(text_of(switched) == "switch 25-25 of 2 and 1; ");
}

TEST_CASE("a track that ends where another one begins") {
  const auto broken = [](int pause, int again = 1000) {
    return text_of(moments_of([=](io::FrameRecord& f) {
      if (f.frame >= 20 && f.frame < 20 + pause) f.instances[0] = walker(9, 0, 900);
      if (f.frame >= 20 + pause) f.instances[0].track = 2;
      if (f.frame >= again) f.instances.push_back(walker(1, static_cast<int>(f.frame), 300));
    }));
  };
  CHECK(broken(0) == "break 20-20 of 1 and 2; ");
  CHECK(broken(4) == "break 24-24 of 1 and 2; ");
  CHECK(broken(27) == "");     // more than a second
  CHECK(broken(4, 30) == "");  // track 1 was only hidden
}

TEST_CASE("left and right exchanged") {
  const JointSet joints = joint_set("coco17");
  const auto flipped = [&](bool flip, double width) {
    return text_of(moments_of(
        [&, width](io::FrameRecord& f) {
          io::Instance& one = f.instances[0];
          for (std::size_t k = 0; k < joints.joints.size(); ++k) {
            double side = joints.joints[k].starts_with("left_") ? width : 0;
            if (flip && f.frame == 30) side = width - side;
            one.keypoints.push_back(
                {one.box.x + side, one.box.y + 2.0 * static_cast<double>(k), 0.9});
          }
        },
        joints));
  };
  CHECK(flipped(false, 20) == "");
  CHECK(flipped(true, 20) == "flip 30-30 of 1; flip 31-31 of 1; ");  // there and back
  CHECK(flipped(true, 4) == "");                                     // seen from the side
}

TEST_CASE("dropouts, gaps and damage are runs of frames") {
  const auto empty = [](int frames, bool cut = false) {
    return text_of(moments_of([=](io::FrameRecord& f) {
      if (f.frame >= 20 && f.frame < 20 + frames) f.instances.clear();
      f.cut = cut && f.frame == 20;
    }));
  };
  CHECK(empty(3) == "dropout 20-22; ");
  CHECK(empty(14) == "");  // they have left
  CHECK(empty(3, true) == "");
  CHECK(empty(60) == "");

  const auto gap = [](double seconds) {
    return moments_of([=](io::FrameRecord& f) {
      if (f.frame >= 30) f.time += seconds;
    });
  };
  CHECK(gap(0.1).empty());
  REQUIRE(text_of(gap(0.5)) == "gap 30-30; ");
  CHECK(gap(0.5)[0].value == Approx(0.54));

  const auto damaged = moments_of([](io::FrameRecord& f) {
    if (f.frame == 5 || f.frame == 6) f.damage = io::Damage::kDamaged;
    if (f.frame >= 8 && f.frame < 11) {
      f.damage = io::Damage::kMissing;
      f.instances.clear();
    }
  });
  CHECK(text_of(damaged) == "damaged 5-6; missing 8-10; ");
  CHECK(damaged[1].value == 3);
}

TEST_CASE("only the most severe of many are kept, and all are counted") {
  MomentFinder finder({});
  for (int i = 0; i < 1000; ++i) {
    io::FrameRecord frame = frame_of(i, {walker(1, 0)});
    if (i % 10 == 9) frame.instances[0].box.x += 30 + i / 10;
    finder.add(frame);
  }
  const auto moments = finder.finish();
  CHECK(moments.size() == MomentFinder::kMostPerKind);
  CHECK(finder.count(MomentKind::kJump) == 199);
  for (const Moment& one : moments) CHECK(one.first > 930);
}

TEST_CASE("the summary of a video") {
  io::Header header;
  header.video = "</script><script>alert(1)</script>";
  header.tool = "vremd-track";
  header.fps = {25, 1};
  VideoSummary summary(header, "a.jsonl");
  for (int i = 0; i < 1000; ++i) {
    io::FrameRecord frame = frame_of(i, {walker(1, i), walker(2, i, 300)});
    if (i >= 500) frame.instances.pop_back();
    frame.cut = i == 700;
    if (i >= 990) {
      frame.damage = io::Damage::kMissing;
      frame.instances.clear();
    }
    summary.add(frame);
  }
  io::End end;
  end.extra["seconds"] = {{"network", 3.5}, {"odd", "text"}};
  summary.end(end);
  summary.finish();
  const Json json = summary.to_json();
  CHECK(json["frames"] == 1000);
  CHECK(json["people"] == 1490);
  CHECK(json["most_people"] == 2);
  CHECK(json["duration"] == 40.0);
  CHECK(json["score"] == 0.805);
  CHECK(json["missing"] == 10);
  CHECK(json["missing_spans"] == Json::parse("[[990, 999]]"));
  CHECK(json["cuts"] == Json::parse("[700]"));
  CHECK(json["seconds"] == Json{{"network", 3.5}});
  CHECK(json["complete"] == true);
  const Json& curves = json["curves"];
  REQUIRE(curves["people"].size() == VideoSummary::kMostPoints);
  CHECK(curves["people"][0] == 2.0);
  CHECK(curves["people"][200] == 1.0);
  CHECK(curves["people"].back().is_null());
  CHECK(curves["score"].back().is_null());
  CHECK(curves["frame"][150] == 500);
  CHECK(json["longest_tracks"][1]["spans"] == Json::parse("[[0, 499]]"));

  const std::string page = page_with(io::dump(Json{{"version", ""}, {"videos", {json}}}));
  CHECK(page.find("alert(1)") != page.npos);
  CHECK(page.find("<script>alert") == page.npos);
  CHECK(page.find("{{") == page.npos);
}

TEST_CASE("evenly spaced frames of a video of unknown length") {
  for (const int length : {1, 5, 6, 13, 100, 1000}) {
    EvenFrames even(6);
    for (int i = 0; i < length; ++i) even.add(frame_of(i, {walker(1, i)}));
    const auto chosen = even.take();
    CAPTURE(length);
    REQUIRE(chosen.size() == std::min<std::size_t>(6, static_cast<std::size_t>(length)));
    for (std::size_t i = 1; i < chosen.size(); ++i) {
      const double step = static_cast<double>(chosen[i]->frame - chosen[i - 1]->frame);
      CHECK(step >= std::max(1.0, length / 6.0 / 2.5));
      CHECK(step <= std::max(1.0, length / 6.0 * 2.5));
    }
  }
  EvenFrames people(2);
  for (int i = 0; i < 8; ++i) {
    people.add(i == 4 ? frame_of(i, {walker(1, i)}) : frame_of(i, {}));
  }
  CHECK(people.take().size() == 1);
}
