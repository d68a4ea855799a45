// SPDX-License-Identifier: Apache-2.0
#include "pose_fixture.h"

#include "core/error.h"

#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>

using namespace vremd;
using namespace vremd::pipeline;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the output is independent of threads and chunks") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 21);
  std::vector<Json> records = walk(folder / "clip.mkv", 21);
  records[6]["instances"] = Json::array();
  for (int extra = 0; extra < 9; ++extra) {
    records[10]["instances"].push_back(instance_record({3.0 + 11 * extra, 20, 20, 55}));
  }
  RunOptions options;
  options.threads = 1;
  options.chunk_persons = options.chunk_frames = 1;
  const RunResult reference = run(folder, records, options);
  REQUIRE(reference.records.size() == records.size());
  CHECK(reference.encoded < reference.crops);  // the first and the last frame
  struct Case {
    int threads, persons, frames;
  };
  for (const auto& [threads, persons, frames] :
       {Case{1, 8, 8}, Case{4, 1, 8}, Case{4, 3, 8}, Case{4, 16, 8}, Case{2, 16, 1}}) {
    options.threads = threads;
    options.chunk_persons = persons;
    options.chunk_frames = frames;
    CHECK(run(folder, records, options).text == reference.text);
  }
}

TEST_CASE("records keep their fields and get keypoints, neighbours and provenance") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 6);
  std::vector<Json> records = walk(folder / "clip.mkv", 6);
  records[2]["instances"][0]["track"] = 17;
  records[2]["instances"][0]["id"] = 4;
  records[2]["instances"][0]["colour"] = "red";
  records[2]["note"] = "odd";
  records[4]["instances"] = Json::array();
  records.erase(records.begin() + 5);  // frame 4: a gap
  const RunResult result = run(folder, records);

  const Json& header = result.records.front();
  CHECK(header["tool"] == "vremd-pose");
  CHECK(header["clue"] == "kept");
  CHECK(header["joint_set"] == "posetrack15");
  CHECK(header["from"][0]["tool"] == "vremd-detect");
  REQUIRE(result.records.size() == 7);

  const Json& walker = result.records[2]["instances"][0];
  CHECK(walker["track"] == 17);
  CHECK(walker["id"] == 4);
  CHECK(walker["colour"] == "red");
  CHECK(walker["box"] == records[2]["instances"][0]["box"]);
  CHECK(walker["box_score"] == 0.9);
  CHECK(walker["keypoints"].size() == 15);
  CHECK(result.records[2]["note"] == "odd");
  CHECK(result.records[4]["instances"].empty());
  CHECK(result.records[5]["frame"] == 5);
  CHECK(result.records[6]["frames"] == 5);

  const auto neighbours = [&](int record) {
    return result.records[record]["instances"][0]["neighbours"];
  };
  CHECK(neighbours(1) == Json({0, 1}));
  CHECK(neighbours(2) == Json({-1, 1}));
  CHECK(neighbours(5) == Json({-1, 0}));

  double sum = 0;
  int count = 0;
  for (const Json& keypoint : walker["keypoints"]) {
    if (keypoint[2].get<double>() <= 0.2 * 0.9) continue;
    sum += keypoint[2].get<double>();
    ++count;
  }
  REQUIRE(count > 0);
  CHECK(std::abs(walker["score"].get<double>() - sum / count) < 1e-4);
}

TEST_CASE("a still is its own neighbour and is encoded once") {
  const TemporaryFolder folder;
  video::write_picture(folder / "photo.png", frame_with_person(kClipWidth, kClipHeight, 20, 40));
  const RunResult result = run(folder, walk(folder / "photo.png", 1));
  CHECK(result.records[1]["instances"][0]["neighbours"] == Json({0, 0}));
  CHECK(result.crops == 3);
  CHECK(result.encoded == 1);
}

TEST_CASE("a single-frame model reads no neighbours") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 3);
  RunOptions options;
  options.preset = "table4_baseline";
  const RunResult result = run(folder, walk(folder / "clip.mkv", 3), options);
  CHECK_FALSE(result.records[1]["instances"][0].contains("neighbours"));
  CHECK(result.crops == 3);
}

TEST_CASE("held boxes share their crops without other effects") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 8);
  std::vector<Json> records = walk(folder / "clip.mkv", 8);
  for (int i = 0; i < 8; ++i) {
    records[i + 1]["instances"] =
        Json::array({instance_record(box_of(3)), instance_record({70, 30, 30, 70})});
  }
  RunOptions options;
  options.chunk_persons = 16;
  const RunResult shared = run(folder, records, options);
  CHECK(shared.crops == 8 * 2 * 3);
  CHECK(shared.encoded == 8 * 2);
  options.chunk_frames = 1;
  const RunResult apart = run(folder, records, options);
  CHECK(apart.encoded == (6 * 3 + 2 * 2) * 2);
  CHECK(apart.text == shared.text);
}

TEST_CASE("frames with held boxes are encoded together, however many people they have") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 12);
  std::vector<Json> records = walk(folder / "clip.mkv", 12);
  for (int i = 0; i < 12; ++i) {
    const double x = 20 + i / 6;  // detected in frames 0 and 6
    records[i + 1]["instances"] = Json::array();
    for (int person = 0; person < 5; ++person) {
      records[i + 1]["instances"].push_back(instance_record({x + 12 * person, 30, 30, 70}));
    }
  }
  RunOptions options;
  options.chunk_persons = 8;
  const RunResult apart = run(folder, records, options);
  for (int i = 0; i < 12; ++i) {
    if (i % 6) records[i + 1]["held"] = i / 6 * 6;
  }
  const RunResult held = run(folder, records, options);
  CHECK(held.encoded == 5 * (7 + 7));  // frames 0-6 and 5-11
  CHECK(apart.encoded == 5 * 22);
  for (int i = 0; i < 12; ++i) {
    CHECK(held.records[i + 1]["instances"] == apart.records[i + 1]["instances"]);
  }
  options.threads = 4;
  CHECK(run(folder, records, options).text == held.text);
}

TEST_CASE("instances that cannot be cropped are kept with score 0") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 3);
  std::vector<Json> records = walk(folder / "clip.mkv", 3);
  Json& instances = records[2]["instances"];
  instances.push_back(instance_record({50, 60, 0, 20}));
  instances.push_back(instance_record({500, 10, 20, 40}));
  Json no_number = instance_record({1, 1, 10, 10});
  no_number["box"][2] = nullptr;
  instances.push_back(no_number);
  instances.push_back(instance_record({-1e300, -1e300, 2e300, 2e300}));
  instances.push_back(instance_record(box_of(1)));
  const RunResult result = run(folder, records);
  const Json& out = result.records[2]["instances"];
  REQUIRE(out.size() == 6);
  for (const int i : {1, 2, 3, 4}) {
    CHECK(out[i]["score"] == 0.0);
    CHECK_FALSE(out[i].contains("neighbours"));
    REQUIRE(out[i]["keypoints"].size() == 15);
    for (const Json& keypoint : out[i]["keypoints"]) CHECK(keypoint[2] == 0.0);
  }
  CHECK(out[1]["keypoints"][0] == Json({50.0, 70.0, 0.0}));
  CHECK(out[5]["keypoints"] == out[0]["keypoints"]);
  CHECK(result.counts.uncropped == 4);
}

TEST_CASE("a video that is shorter than its records is an error with both counts") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 5);
  CHECK_THROWS_WITH(run(folder, walk(folder / "clip.mkv", 8)),
                    ContainsSubstring("5 frames") && ContainsSubstring("frame 5"));
  std::vector<Json> empty_tail = walk(folder / "clip.mkv", 8);
  for (int i = 4; i < 9; ++i) empty_tail[i]["instances"] = Json::array();
  CHECK_THROWS_WITH(run(folder, empty_tail), ContainsSubstring("frame 7"));
  CHECK_FALSE(std::filesystem::exists(folder / "out.jsonl"));
}

TEST_CASE("a longer video is not an error") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 9);
  CHECK(run(folder, walk(folder / "clip.mkv", 4)).records.size() == 6);
}

TEST_CASE("a video that cannot be opened is skipped") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 3);
  std::vector<Json> records = walk(folder / "gone.mkv", 3);
  for (const Json& record : walk(folder / "clip.mkv", 3)) records.push_back(record);
  const RunResult result = run(folder, records);
  CHECK(result.counts.failed_videos == 1);
  REQUIRE(result.records.size() == 5);
  CHECK(result.records[0]["video"] == folder / "clip.mkv");

  std::vector<Json> other_size = walk(folder / "clip.mkv", 3);
  other_size[0]["width"] = 640;
  CHECK(run(folder, other_size).counts.failed_videos == 1);
}

TEST_CASE("a second header is rejected with --video") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 2);
  RunOptions options;
  options.input.video = folder / "clip.mkv";
  std::vector<Json> records = walk("-", 2);
  CHECK(run(folder, records, options).records[0]["video"] == folder / "clip.mkv");
  for (const Json& record : walk("b.mkv", 2)) records.push_back(record);
  CHECK_THROWS_WITH(run(folder, records, options), ContainsSubstring("--video"));
  CHECK(run(folder, walk("-", 2)).counts.failed_videos == 1);
}

TEST_CASE("a range of frames, and a directory prepended to the video path") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 8);
  RunOptions options;
  options.input.root = folder / "";
  options.input.range = {.first = 2, .last = 5};
  const RunResult part = run(folder, walk("clip.mkv", 8), options);
  REQUIRE(part.records.size() == 5);
  CHECK(part.records[1]["frame"] == 2);
  CHECK(part.records[1]["instances"][0]["neighbours"] == Json({-1, 1}));
  const RunResult whole = run(folder, walk(folder / "clip.mkv", 8));
  CHECK(part.records[1] == whole.records[3]);
  CHECK(part.records[3] == whole.records[5]);
}

TEST_CASE("a truncated input gives no end record") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 4);
  std::vector<Json> records = walk(folder / "clip.mkv", 4);
  const RunResult whole = run(folder, records);
  records.pop_back();
  records.pop_back();
  const RunResult result = run(folder, records);
  CHECK(result.truncated);
  CHECK(result.records.size() == 4);
  CHECK(whole.text.starts_with(result.text));
}

TEST_CASE("a range of frames has an end record if the input is truncated after it") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 8);
  RunOptions options;
  options.input.range = {.first = 1, .last = 4};
  const RunResult whole = run(folder, walk(folder / "clip.mkv", 8), options);
  for (const int frames : {4, 6}) {
    std::vector<Json> records = walk(folder / "clip.mkv", 8);
    records.resize(1 + frames);
    const RunResult result = run(folder, records, options);
    CHECK(result.truncated);
    CHECK(result.text == whole.text);
  }
  std::vector<Json> too_few = walk(folder / "clip.mkv", 8);
  too_few.resize(4);  // the header and frames 0 to 2
  CHECK(run(folder, too_few, options).records.back()["type"] == "frame");
}

TEST_CASE("a stopped run writes the chunks in flight and no end record") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 40);
  const std::vector<Json> records = walk(folder / "clip.mkv", 40);
  const RunResult whole = run(folder, records);
  RunOptions options;
  std::atomic<int> asked = 0;
  options.input.stopped = [&] { return ++asked > 60; };
  const RunResult result = run(folder, records, options);
  CHECK(whole.text.starts_with(result.text));
  REQUIRE(result.records.size() > 1);
  CHECK(result.records.size() < records.size());
  CHECK(result.records.back()["type"] == "frame");
}

TEST_CASE("exceptions of a stage are rethrown") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 30);
  struct OwnError : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  RunOptions options;
  options.dump = [](const Person& person, const NamedTensors&) {
    if (person.triplet.key()->index == 12) throw OwnError("twelve");
  };
  CHECK_THROWS_AS(run(folder, walk(folder / "clip.mkv", 30), options), OwnError);
  CHECK_FALSE(std::filesystem::exists(folder / "out.jsonl"));

  write_records(folder / "bad.jsonl", walk(folder / "clip.mkv", 2));
  std::vector<Json> records = walk(folder / "clip.mkv", 30);
  records[20]["instances"][0]["box"] = "wide";
  CHECK_THROWS_WITH(run(folder, records),
                    ContainsSubstring("in.jsonl:21") && ContainsSubstring("box"));
}

TEST_CASE("end records contain the seconds of the stages") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 2);
  RunOptions options;
  options.stats = true;
  const Json end = run(folder, walk(folder / "clip.mkv", 2), options).records.back();
  for (const char* stage : kPoseStageNames) CHECK(end["seconds"][stage].is_number());
  CHECK(end["seconds"]["backbone"].get<double>() > 0);
}
