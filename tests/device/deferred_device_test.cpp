// SPDX-License-Identifier: Apache-2.0
#include "device/deferred_device.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <array>
#include <atomic>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace vremd;
using namespace vremd::device;

namespace {

constexpr int kSeeds = 32;

enum class Mistake {
  kNone,
  kNoWaitForUpload,    // the kernel does not wait for its input
  kNoWaitForKernel,    // the copy back does not wait for the kernel
  kNoWaitForReader,    // the next upload does not wait for the kernel that reads the last one
  kNoWaitForDownload,  // the next kernel overwrites results that are not copied back yet
  kInputReused,        // the host overwrites input that is not uploaded yet
  kInputLate,          // the host writes the input after it has enqueued the upload
  kResultEarly,        // the host reads results without waiting
};
constexpr std::array kMistakes{Mistake::kNoWaitForUpload, Mistake::kNoWaitForKernel,
                               Mistake::kNoWaitForReader, Mistake::kNoWaitForDownload,
                               Mistake::kInputReused,     Mistake::kInputLate,
                               Mistake::kResultEarly};

constexpr int kRounds = 6;

// Doubles 1, 2, ... on three streams, with one buffer of each kind and two for the results: the
// host waits for two rounds at a time.
std::vector<float> doubled(std::uint64_t seed, Mistake mistake) {
  DeferredDevice device({.seed = seed});
  const auto in = device.make_stream(), compute = device.make_stream(), out = device.make_stream();
  const auto uploaded = device.make_event(), computed = device.make_event(),
             downloaded = device.make_event();
  constexpr std::size_t kBytes = sizeof(float);
  const auto input = device.make_buffer(Memory::kPinned, kBytes);
  const auto x = device.make_buffer(Memory::kDevice, kBytes);
  const auto y = device.make_buffer(Memory::kDevice, kBytes);
  const std::array results = {device.make_buffer(Memory::kPinned, kBytes),
                              device.make_buffer(Memory::kPinned, kBytes)};
  std::vector<float> read;
  for (int i = 0; i < kRounds; ++i) {
    const float number = static_cast<float>(i + 1);
    if (mistake != Mistake::kInputReused) uploaded->wait();
    if (mistake != Mistake::kInputLate) *input->as<float>() = number;
    if (i > 0 && mistake != Mistake::kNoWaitForReader) in->wait(*computed);
    in->copy(*x, *input, kBytes);
    if (mistake == Mistake::kInputLate) *input->as<float>() = number;
    in->record(*uploaded);
    if (mistake != Mistake::kNoWaitForUpload) compute->wait(*uploaded);
    if (i > 0 && mistake != Mistake::kNoWaitForDownload) compute->wait(*downloaded);
    compute->run([x = x->as<float>(), y = y->as<float>()] { *y = 2 * *x; });
    compute->record(*computed);
    if (mistake != Mistake::kNoWaitForKernel) out->wait(*computed);
    out->copy(*results[i % 2], *y, kBytes);
    out->record(*downloaded);
    if (i % 2 == 0) continue;
    if (mistake != Mistake::kResultEarly) downloaded->wait();
    for (const auto& result : results) read.push_back(*result->as<float>());
  }
  device.synchronize();
  return read;
}

const std::vector<float> kRight{2, 4, 6, 8, 10, 12};

}  // namespace

TEST_CASE("a right program has right results for every seed") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    CHECK(doubled(seed, Mistake::kNone) == kRight);
  }
}

TEST_CASE("every mistake shows") {
  for (const Mistake mistake : kMistakes) {
    int wrong = 0;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      wrong += doubled(seed, mistake) != kRight;
    }
    CAPTURE(static_cast<int>(mistake), wrong);
    CHECK(wrong >= kSeeds / 4);
  }
}

TEST_CASE("what is read too early is not a number, for a seed that does nothing unasked") {
  const std::vector<float> results = doubled(0, Mistake::kResultEarly);
  CHECK(std::isnan(results[0]));
  CHECK(std::isnan(results[1]));
}

TEST_CASE("the order is that of the seed, and in order within a stream") {
  const auto order_of = [](std::uint64_t seed) {
    DeferredDevice device({.seed = seed});
    std::vector<int> order;
    const auto a = device.make_stream(), b = device.make_stream();
    for (int i = 0; i < 10; ++i) {
      a->run([&order, i] { order.push_back(i); });
      b->run([&order, i] { order.push_back(100 + i); });
    }
    device.synchronize();
    return order;
  };
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::vector<int> order = order_of(seed);
    CHECK(order == order_of(seed));
    std::vector<int> of_a, of_b;
    for (const int number : order) (number < 100 ? of_a : of_b).push_back(number);
    REQUIRE(of_a.size() == 10);
    REQUIRE(of_b.size() == 10);
    for (int i = 0; i < 10; ++i) CHECK((of_a[i] == i && of_b[i] == 100 + i));
    orders.insert(order);
  }
  CHECK(orders.size() > kSeeds / 2);
}

TEST_CASE("work is done by another thread, prepared, and no more of it than a wait needs") {
  std::atomic<int> prepared = 0, done = 0;
  DeferredDevice device({.seed = 0, .prepare_thread = [&] { ++prepared; }});
  const auto stream = device.make_stream(), other = device.make_stream();
  const auto event = device.make_event();
  std::thread::id id;
  stream->run([&] { id = std::this_thread::get_id(); });
  stream->record(*event);
  stream->run([&] { ++done; });
  event->wait();
  CHECK(id != std::thread::id());
  CHECK(id != std::this_thread::get_id());
  CHECK(prepared == 1);
  CHECK(done == 0);
  device.synchronize();
  CHECK(done == 1);
}

TEST_CASE("an event that is recorded again is awaited as it was") {
  DeferredDevice device({.seed = 0});
  const auto a = device.make_stream(), b = device.make_stream();
  const auto event = device.make_event(), end = device.make_event();
  int steps = 0, seen = 0;
  event->wait();  // never recorded: returns
  a->run([&] { steps = 1; });
  a->record(*event);
  b->wait(*event);
  b->run([&] { seen = steps; });
  b->record(*end);
  a->wait(*end);  // would never end if b waited for the next record
  a->run([&] { steps = 2; });
  a->record(*event);
  event->wait();
  CHECK(seen == 1);
  CHECK(steps == 2);
}

TEST_CASE("exceptions of work are thrown by the waits that follow") {
  const auto seed = GENERATE(range(0, 8));
  DeferredDevice device({.seed = static_cast<std::uint64_t>(seed)});
  const auto stream = device.make_stream();
  const auto event = device.make_event();
  bool later = false;
  stream->run([] { throw std::runtime_error("overheated"); });
  stream->run([&] { later = true; });
  stream->record(*event);
  CHECK_THROWS_AS(event->wait(), std::runtime_error);
  CHECK_THROWS_AS(device.synchronize(), std::runtime_error);
  CHECK_FALSE(later);
}

TEST_CASE("misuse is a logic error") {
  DeferredDevice device({.seed = 0});
  const auto stream = device.make_stream();
  const auto event = device.make_event();
  CHECK_THROWS_AS(stream->wait(*event), std::logic_error);
  auto from = device.make_buffer(Memory::kPinned, 8);
  const auto to = device.make_buffer(Memory::kDevice, 8);
  CHECK_THROWS_AS(stream->copy(*to, *from, 9), std::logic_error);
  stream->copy(*to, *from, 8);
  stream->record(*event);
  from.reset();
  CHECK_THROWS_AS(event->wait(), std::logic_error);
}

TEST_CASE("memory is not a number until it is written, and aligned") {
  DeferredDevice device({.seed = 0});
  for (const Memory memory : {Memory::kDevice, Memory::kPinned}) {
    const auto buffer = device.make_buffer(memory, 100 * sizeof(float));
    CHECK(buffer->size() == 400);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer->as<>()) % 64 == 0);
    for (int i = 0; i < 100; ++i) CHECK(std::isnan(buffer->as<float>()[i]));
  }
}

TEST_CASE("the allocation that shall fail does, once") {
  for (int failing = 0; failing < 4; ++failing) {
    DeferredDevice device({.seed = 0, .failing_allocation = failing});
    const auto stream = device.make_stream();
    int failed = 0, done = 0;
    for (int i = 0; i < 4; ++i) {
      try {
        if (i % 2 == 0) {
          device.make_buffer(Memory::kDevice, 1);
        } else {
          stream->run([&] { ++done; });
        }
      } catch (const OutOfMemory&) {
        CHECK(i == failing);
        ++failed;
      }
    }
    device.synchronize();
    CHECK(failed == 1);
    CHECK(done == (failing % 2 == 1 ? 1 : 2));
  }
}
