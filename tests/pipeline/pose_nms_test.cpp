// SPDX-License-Identifier: Apache-2.0
#include "pose_fixture.h"

#include "core/error.h"
#include "pipeline/pose_nms.h"

#include <cmath>

using namespace vremd;
using namespace vremd::pipeline;

namespace {

// People whose nose, the only joint, is at x. Their crops have an area of 90 x 120.
struct Someone {
  double x, score;
};

FrameChunk chunk_of(const std::vector<std::vector<Someone>>& frames) {
  FrameChunk chunk;
  for (const auto& people : frames) {
    io::FrameRecord frame;
    for (const auto& [x, score] : people) {
      io::Instance instance;
      instance.box = {x, 10, 90, 120};
      instance.score = score;
      instance.keypoints = {{x, 50, score}};
      Person person;
      person.record = chunk.records.size();
      person.instance = frame.instances.size();
      chunk.persons.push_back(person);
      frame.instances.push_back(instance);
    }
    chunk.records.emplace_back(frame);
  }
  return chunk;
}

std::vector<double> places(const FrameChunk& chunk, std::size_t record) {
  std::vector<double> x;
  for (const auto& one : std::get<io::FrameRecord>(chunk.records[record]).instances) {
    x.push_back(one.box.x);
  }
  return x;
}

}  // namespace

TEST_CASE("of two people above the OKS, the one with the higher score is kept") {
  const PoseNms nms(0.9, joint_set_of({"nose"}), {256, 192, 1.0});
  // exp(-d^2 / (2 (2 sigma)^2 area)) = 0.9
  const double limit = std::sqrt(-2 * std::log(0.9) * 4 * 0.026 * 0.026 * 90 * 120);
  FrameChunk chunk = chunk_of({{{10, 0.5}, {10 + 0.99 * limit, 0.6}},
                               {{10, 0.5}, {10 + 1.01 * limit, 0.6}},
                               {},
                               // A chain: the middle one goes, the others are too far apart.
                               {{10, 0.7}, {10 + 0.9 * limit, 0.6}, {10 + 1.8 * limit, 0.5}},
                               {{10, 0.7}, {10, 0.7}, {10, 0.8}, {300, 0.1}, {10, 0}}});
  nms.thin(chunk);
  CHECK(places(chunk, 0) == std::vector{10 + 0.99 * limit});
  CHECK(places(chunk, 1) == std::vector{10, 10 + 1.01 * limit});
  CHECK(places(chunk, 3) == std::vector{10, 10 + 1.8 * limit});
  CHECK(places(chunk, 4) == std::vector{10.0, 300.0});
  CHECK(std::get<io::FrameRecord>(chunk.records[4]).instances[0].score == 0.8);
  CHECK(chunk.removed == std::map<std::size_t, std::int64_t>{{0, 1}, {3, 1}, {4, 3}});
}

TEST_CASE("values of --nms") {
  CHECK(parse_nms("none") == 0);
  CHECK(parse_nms("oks:0.9") == 0.9);
  for (const char* wrong : {"", "oks", "oks:", "oks:0", "oks:1", "oks:-1", "oks:nan", "oks:0.9x",
                            "OKS:0.9", "0.9", "iou:0.5"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(parse_nms(wrong), Error);
  }
}

TEST_CASE("second poses are removed and counted in each end record") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 6);
  std::vector<Json> records = walk(folder / "clip.mkv", 6);
  records[2]["instances"].push_back(instance_record(box_of(1), 0.4));
  records[2]["instances"].push_back(instance_record({500, 10, 20, 40}));  // cannot be cropped
  records[2]["instances"].push_back(instance_record({500, 10, 20, 40}));
  records[5]["instances"].insert(records[5]["instances"].begin(), instance_record(box_of(4), 0.3));
  std::vector<Json> two = records;
  two.insert(two.end(), records.begin(), records.end());
  RunOptions options;
  options.input.nms_oks = 0.99;
  const RunResult all = run(folder, two);
  CHECK_FALSE(all.records.back().contains("removed"));
  const RunResult result = run(folder, two, options);
  REQUIRE(result.records.size() == 16);
  CHECK(result.removed == 4);
  for (const int end : {7, 15}) {
    CHECK(result.records[end]["removed"] == 2);
    CHECK(result.records[end]["people"] == 8);
    CHECK(all.records[end]["people"] == 10);
  }
  Json expected = all.records[2]["instances"];
  REQUIRE(expected.size() == 4);
  expected.erase(1);
  CHECK(result.records[2]["instances"] == expected);
  options.chunk_persons = options.chunk_frames = options.threads = 1;
  CHECK(run(folder, two, options).text == result.text);
}
