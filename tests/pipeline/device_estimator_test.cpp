// SPDX-License-Identifier: Apache-2.0
#include "pose_fixture.h"

#include "core/error.h"
#include "device/deferred_device.h"
#include "pipeline/device_estimator.h"

#include <tbb/task_arena.h>

#include <chrono>
#include <map>
#include <mutex>
#include <thread>

using namespace vremd;
using namespace vremd::pipeline;
using namespace std::chrono_literals;

namespace {

constexpr int kSeeds = 8;

// Frames 0 ... count - 1 of the clip, with a person in each; every third one has a second person,
// and the boxes of frames 4 to 6 are held, so that crops are shared.
std::vector<Person> people(int count) {
  std::vector<FramePtr> frames;
  for (int i = 0; i < count; ++i) {
    auto frame =
        std::make_shared<Frame>(frame_with_person(kClipWidth, kClipHeight, left_of(i), 40));
    frame->index = i;
    frames.push_back(frame);
  }
  std::vector<Person> persons;
  for (int i = 0; i < count; ++i) {
    Person person;
    person.triplet.frames = {frames[std::max(0, i - 1)], frames[i],
                             frames[std::min(count - 1, i + 1)]};
    person.box = box_of(i >= 4 && i <= 6 ? 4 : i);
    person.instance = 0;
    persons.push_back(person);
    if (i % 3 != 0) continue;
    person.box = {30, 20, 60.5, 70.25};
    person.instance = 1;
    persons.push_back(person);
  }
  return persons;
}

using Keypoints = std::vector<std::vector<double>>;  // x, y and score of each joint

Keypoints keypoints_of(const std::vector<Person>& persons) {
  Keypoints keypoints;
  for (const Person& person : persons) {
    auto& own = keypoints.emplace_back();
    for (const auto& [x, y, score] : person.keypoints) own.insert(own.end(), {x, y, score});
  }
  return keypoints;
}

EstimatorOptions on_device(std::uint64_t seed, EstimatorOptions options = {}) {
  options.host_async.emplace();
  options.host_async->seed = seed;
  options.host_async->prepare_thread = ops::prepare_worker;
  options.batch_size = 4;
  return options;
}

// In this thread only: threads that are not prepared have other last bits.
void estimate(PoseEstimator& estimator, std::vector<Person>& persons) {
  ops::prepare_worker();
  tbb::task_arena(1).execute([&] { estimator.estimate(persons); });
}

Keypoints estimated(const EstimatorOptions& options, std::vector<Person> persons = people(9)) {
  PoseEstimator estimator(tiny_loaded("paper"), options);
  estimate(estimator, persons);
  return keypoints_of(persons);
}

model::ScoreCalibration calibration() {
  return {.weights = {0.5, 0.25, 0.125, 0.0625}, .bias = std::vector<double>(15, -0.5)};
}

// A DeviceEstimator with its network; a batch that is not full waits for a flush.
struct OnDevice {
  explicit OnDevice(const EstimatorOptions& options, DeviceEstimator::Clock::duration patience = 1h)
      : network(tiny_loaded("paper"), options),
        estimator(network, std::make_unique<device::DeferredDevice>(*options.host_async),
                  patience) {}

  PoseNetwork network;
  DeviceEstimator estimator;
};

}  // namespace

TEST_CASE("a device's keypoints are those of the CPU, to the bit") {
  EstimatorOptions plain, flip, calibrated, few;
  flip.flip = true;
  flip.decode = ops::Decode::kDark;
  calibrated.calibration = calibration();
  few.joints = {3, 11};
  for (const EstimatorOptions& options : {plain, flip, calibrated, few}) {
    const Keypoints expected = estimated(options);
    REQUIRE(expected.size() == 12);
    for (int seed = 0; seed < kSeeds; ++seed) {
      CAPTURE(seed);
      CHECK(estimated(on_device(seed, options)) == expected);
    }
  }
}

TEST_CASE("the batch size and who else is in the batch change nothing") {
  const std::vector<Person> all = people(9);
  const Keypoints expected = estimated({}, all);
  for (const int batch_size : {1, 3, 5, 64}) {
    EstimatorOptions options = on_device(static_cast<std::uint64_t>(batch_size));
    options.batch_size = batch_size;
    CHECK(estimated(options, all) == expected);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(estimated(on_device(i), {all[i]}) == Keypoints{expected[i]});
  }
}

TEST_CASE("batches fill across calls") {
  const std::vector<Person> all = people(9);
  const Keypoints expected = estimated({}, all);
  for (int seed = 0; seed < kSeeds; ++seed) {
    OnDevice on(on_device(seed));
    std::vector<std::vector<Person>> parts;
    std::vector<std::shared_ptr<DeviceEstimator::Request>> requests;
    for (std::size_t first = 0, count = 1; first < all.size(); first += count, ++count) {
      const std::size_t last = std::min(first + count, all.size());
      parts.emplace_back(all.begin() + first, all.begin() + last);
      requests.push_back(on.estimator.submit(parts.back(), false));
      for (Person& person : parts.back()) person.triplet.frames = {};  // not needed any more
    }
    CHECK(on.estimator.batches() == 3);  // of 4 people each
    Keypoints keypoints;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      on.estimator.complete(*requests[i], parts[i], {});
      for (const auto& own : keypoints_of(parts[i])) keypoints.push_back(own);
    }
    CHECK(keypoints == expected);
  }
}

TEST_CASE("a batch that is not full is computed at a flush, or when nobody comes") {
  std::vector<Person> persons = people(2);
  const Keypoints expected = estimated({}, persons);
  OnDevice flushed(on_device(1));
  const auto request = flushed.estimator.submit(persons, false);
  CHECK(flushed.estimator.batches() == 0);
  flushed.estimator.flush();
  flushed.estimator.complete(*request, persons, {});
  CHECK(keypoints_of(persons) == expected);
  flushed.estimator.flush();  // nothing is left
  CHECK(flushed.estimator.batches() == 1);

  OnDevice patient(on_device(1), 5ms);
  for (Person& person : persons) person.keypoints.clear();
  const auto waiting = patient.estimator.submit(persons, false);
  patient.estimator.complete(*waiting, persons, {});
  CHECK(keypoints_of(persons) == expected);

  std::vector<Person> nobody;
  patient.estimator.complete(*patient.estimator.submit(nobody, false), nobody, {});
}

TEST_CASE("many batches of several callers") {
  const std::vector<Person> all = people(30);
  const Keypoints expected = estimated({}, all);
  for (int seed = 0; seed < 4; ++seed) {
    OnDevice on(on_device(seed), 1ms);
    constexpr int kCallers = 3;
    std::vector<Keypoints> results(kCallers);
    {
      std::vector<std::jthread> callers;
      for (int i = 0; i < kCallers; ++i) {
        callers.emplace_back([&, i] {
          std::vector<Person> persons = all;
          const auto request = on.estimator.submit(persons, false);
          on.estimator.complete(*request, persons, {});
          results[i] = keypoints_of(persons);
        });
      }
    }
    for (const Keypoints& result : results) CHECK(result == expected);
  }
}

TEST_CASE("whichever allocation fails, nobody is lost") {
  const std::vector<Person> all = people(9);
  const Keypoints expected = estimated({}, all);
  for (int failing = 0; failing < 60; failing += 3) {
    EstimatorOptions options = on_device(static_cast<std::uint64_t>(failing));
    options.host_async->failing_allocation = failing;
    CAPTURE(failing);
    CHECK(estimated(options, all) == expected);
  }
  EstimatorOptions single = on_device(0);
  single.batch_size = 1;  // cannot be halved
  single.host_async->failing_allocation = 30;
  CHECK_THROWS_AS(estimated(single, all), Error);
}

TEST_CASE("intermediate tensors of a device are those of the CPU") {
  const auto dumped = [](const EstimatorOptions& options) {
    std::map<std::pair<std::int64_t, std::size_t>, NamedTensors> all;
    std::mutex mutex;
    PoseEstimator estimator(tiny_loaded("paper"), options);
    estimator.dump = [&](const Person& person, const NamedTensors& tensors) {
      const std::lock_guard lock(mutex);
      NamedTensors& own = all[{person.triplet.key()->index, person.instance}];
      for (const auto& [name, tensor] : tensors) own.emplace_back(name, tensor.clone());
    };
    std::vector<Person> persons = people(9);
    estimate(estimator, persons);
    return all;
  };
  EstimatorOptions options;
  options.flip = true;
  const auto expected = dumped(options);
  REQUIRE(expected.size() == 12);
  const auto found = dumped(on_device(3, options));
  for (const auto& [person, tensors] : expected) {
    const NamedTensors& own = found.at(person);
    REQUIRE(own.size() == tensors.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
      CHECK(own[i].first == tensors[i].first);
      CAPTURE(own[i].first);
      CHECK(at::equal(own[i].second, tensors[i].second));
    }
  }
}

TEST_CASE("an error reaches everyone who waits") {
  OnDevice on(on_device(2));
  std::vector<Person> persons = people(3), broken = people(1);
  const auto request = on.estimator.submit(persons, false);
  auto frame = std::make_shared<Frame>(*broken[0].triplet.key());
  frame->rgb.clear();
  broken[0].triplet.frames.fill(frame);
  CHECK_THROWS_AS(on.estimator.submit(broken, false), Error);
  CHECK_THROWS_AS(on.estimator.complete(*request, persons, {}), Error);
  CHECK_THROWS_AS(on.estimator.submit(persons, false), Error);
}

TEST_CASE("the pipeline's output does not depend on the device") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 30);
  std::vector<Json> records = walk(folder / "clip.mkv", 30);
  records[5]["instances"] = Json::array();
  records[6]["instances"].push_back(instance_record({20, 10, 70, 90}, 0.5));
  records[7]["instances"].push_back(instance_record({500, 500, 10, 10}, 0.5));  // not in the frame
  for (int i = 10; i < 15; ++i) {
    records[i + 1]["instances"] = Json::array({instance_record(box_of(9))});
    records[i + 1]["held"] = 9;
  }
  const RunResult expected = run(folder, records);
  for (int seed = 0; seed < kSeeds; ++seed) {
    RunOptions options;
    options.estimator = on_device(seed);
    options.threads = 1 + seed % 3;
    options.chunk_frames = 1 + seed;
    const RunResult result = run(folder, records, options);
    CAPTURE(seed);
    CHECK(result.text == expected.text);
    CHECK(result.counts.uncropped == 1);
  }
}

TEST_CASE("exceptions of a stage are rethrown while batches are in flight") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 30);
  RunOptions options;
  options.estimator = on_device(5);
  options.dump = [](const Person& person, const NamedTensors&) {
    if (person.triplet.key()->index == 12) fail("twelve");
  };
  CHECK_THROWS_AS(run(folder, walk(folder / "clip.mkv", 30), options), Error);
  std::vector<Json> records = walk(folder / "clip.mkv", 30);
  records[20]["instances"][0]["box"] = "wide";
  options.dump = {};
  CHECK_THROWS_AS(run(folder, records, options), Error);
}
