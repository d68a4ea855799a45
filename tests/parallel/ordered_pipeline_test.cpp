// SPDX-License-Identifier: Apache-2.0
#include "parallel/ordered_pipeline.h"

#include "io/record_stream.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace vremd;
using namespace vremd::parallel;
using namespace std::chrono_literals;

namespace {

struct Token {
  int number;
};

// 0 ... count - 1
auto numbers(int count) {
  return [next = std::make_shared<int>(0), count]() -> std::unique_ptr<Token> {
    return *next < count ? std::make_unique<Token>((*next)++) : nullptr;
  };
}

struct OwnError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace

TEST_CASE("tokens are written in the order of reading, whatever the work takes") {
  for (const int threads : {1, 2, 4}) {
    for (const bool parallel : {true, false}) {
      std::vector<int> worked, written;
      std::mutex mutex;
      run_ordered(
          numbers(50),
          [&](Token& token) {
            if (token.number % 7 == 0) std::this_thread::sleep_for(2ms);
            const std::lock_guard lock(mutex);
            worked.push_back(token.number);
            token.number *= 2;
          },
          [&](const Token& token) { written.push_back(token.number); },
          {.threads = threads, .tokens = 5, .parallel = parallel});
      REQUIRE(written.size() == 50);
      for (int i = 0; i < 50; ++i) CHECK(written[i] == 2 * i);
      if (!parallel || threads == 1) CHECK(std::is_sorted(worked.begin(), worked.end()));
    }
  }
}

TEST_CASE("no more tokens than the limit are in flight") {
  for (const std::size_t limit : {1, 3}) {
    std::atomic<int> in_flight = 0, most = 0;
    const auto read = numbers(60);
    run_ordered(
        [&] {
          auto token = read();
          if (token) most = std::max<int>(most, ++in_flight);
          return token;
        },
        [](Token&) { std::this_thread::sleep_for(1ms); }, [&](const Token&) { --in_flight; },
        {.threads = 4, .tokens = limit});
    CHECK(in_flight == 0);
    CHECK(most <= static_cast<int>(limit));
    CHECK(most >= 1);
  }
}

TEST_CASE("tokens read before the end are written") {
  std::atomic<bool> stopped = false;
  const auto read = numbers(1000);
  int taken = 0;
  std::vector<int> written;
  run_ordered(
      [&]() -> std::unique_ptr<Token> {
        if (stopped) return nullptr;
        ++taken;
        return read();
      },
      [](Token&) {},
      [&](const Token& token) {
        written.push_back(token.number);
        if (token.number == 20) stopped = true;
      },
      {.threads = 4, .tokens = 6});
  CHECK(std::ssize(written) == taken);
  CHECK(taken < 40);
}

TEST_CASE("each working thread is prepared once per run") {
  for (int run = 0; run < 2; ++run) {
    std::map<std::thread::id, int> prepared;
    std::mutex mutex;
    bool unprepared = false;
    run_ordered(
        numbers(100),
        [&](Token&) {
          std::this_thread::sleep_for(1ms);
          const std::lock_guard lock(mutex);
          unprepared = unprepared || !prepared.contains(std::this_thread::get_id());
        },
        [](const Token&) {}, {.threads = 4, .tokens = 8, .prepare_thread = [&] {
                                const std::lock_guard lock(mutex);
                                ++prepared[std::this_thread::get_id()];
                              }});
    CHECK_FALSE(unprepared);
    CHECK(prepared.size() >= 1);
    CHECK(prepared.size() <= 4);
    for (const auto& [thread, times] : prepared) CHECK(times == 1);
  }
}

TEST_CASE("an exception of a stage is rethrown unchanged") {
  for (const int threads : {1, 4}) {
    for (const std::string stage : {"read", "work", "write"}) {
      const auto throw_in = [&](const char* here, int number) {
        if (stage == here && number == 7) throw OwnError(stage);
      };
      std::atomic<int> cancelled = 0;
      int last = -1;
      const auto read = numbers(40);
      CHECK_THROWS_AS(run_ordered(
                          [&] {
                            auto token = read();
                            if (token) throw_in("read", token->number);
                            return token;
                          },
                          [&](Token& token) { throw_in("work", token.number); },
                          [&](const Token& token) {
                            throw_in("write", token.number);
                            last = token.number;
                          },
                          {.threads = threads, .tokens = 4, .cancel = [&] { ++cancelled; }}),
                      OwnError);
      CHECK(cancelled >= 1);
      CHECK(last < 7);
    }
  }
}

TEST_CASE("an exception ends a read waiting for a pipe") {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string stage : {"work", "write"}) {
    // One frame, then silence: the writing end stays open until the pipeline has ended.
    std::atomic<bool> ended = false;
    std::jthread writer([&] {
      std::ofstream out(pipe);
      out << R"({"type":"header","video":"a.mp4"})" << '\n'
          << R"({"type":"frame","frame":0,"instances":[]})" << std::endl;
      while (!ended) std::this_thread::sleep_for(10ms);
    });
    io::RecordStream records({pipe});
    REQUIRE(records.next_video());
    std::atomic<bool> waiting = false;
    const auto wait_for_read = [&] {
      while (!waiting) std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(50ms);
    };
    const auto throw_in = [&](const char* here) {
      if (stage != here) return;
      wait_for_read();
      throw OwnError(stage);
    };
    int reads = 0;
    CHECK_THROWS_AS(run_ordered(
                        [&]() -> std::unique_ptr<io::FrameRecord> {
                          if (reads++ == 1) waiting = true;
                          auto frame = records.next_frame();
                          return frame ? std::make_unique<io::FrameRecord>(*frame) : nullptr;
                        },
                        [&](io::FrameRecord&) { throw_in("work"); },
                        [&](const io::FrameRecord&) { throw_in("write"); },
                        {.threads = 2, .tokens = 4, .cancel = [&] { records.cancel(); }}),
                    OwnError);
    CHECK(records.stopped());
    CHECK_FALSE(records.truncated());
    ended = true;
  }
}
