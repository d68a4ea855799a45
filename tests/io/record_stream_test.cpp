// SPDX-License-Identifier: Apache-2.0
#include "io/record_stream.h"
#include "core/error.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

using namespace vremd;
using namespace vremd::io;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string header(const std::string& video) {
  return R"({"type":"header","video":")" + video + "\"}\n";
}
std::string frame(int index) {
  return R"({"type":"frame","frame":)" + std::to_string(index) + R"(,"instances":[]})" + "\n";
}
const std::string kEnd = "{\"type\":\"end\",\"note\":1}\n";

// "a: 0 1 end; b: 0 cut; "
std::string summary(RecordStream& records) {
  std::string text;
  while (const auto video = records.next_video()) {
    text += video->video + ":";
    while (const auto one = records.next_frame()) text += " " + std::to_string(one->frame);
    text += records.end() ? " end; " : " cut; ";
  }
  return text;
}

}  // namespace

TEST_CASE("several inputs form one stream, video by video") {
  const TemporaryFolder folder;
  const auto two =
      folder.save("two", header("a") + frame(0) + frame(2) + kEnd + header("b") + kEnd);
  const auto one = folder.save("one", header("c") + frame(0) + kEnd);
  RecordStream records({two, one});
  CHECK(summary(records) == "a: 0 2 end; b: end; c: 0 end; ");
  CHECK_FALSE(records.truncated());

  RecordStream again({two});
  REQUIRE(again.next_video());
  CHECK(again.place() == two + ":1");
  CHECK(again.next_frame()->frame == 0);
  CHECK_FALSE(again.end());
  CHECK(again.next_video()->video == "b");  // the rest of a is skipped
  CHECK_FALSE(again.next_frame());
  CHECK(again.end()->extra["note"] == 1);
  CHECK_FALSE(again.next_video());
}

TEST_CASE("a truncated input has no end; the next input follows") {
  const TemporaryFolder folder;
  const auto cut = folder.save("cut", header("a") + frame(0));
  const auto one = folder.save("one", header("b") + frame(0) + kEnd);
  RecordStream records({cut, one});
  CHECK(summary(records) == "a: 0 cut; b: 0 end; ");
  CHECK(records.truncated());
}

TEST_CASE("records read ahead are kept") {
  const TemporaryFolder folder;
  const auto two =
      folder.save("two", header("a") + frame(0) + frame(1) + kEnd + header("b") + kEnd);
  RecordStream records({two});
  REQUIRE(records.next_video());
  CHECK(records.next_frame()->frame == 0);
  CHECK(records.another_follows());
  CHECK(records.next_frame()->frame == 1);
  CHECK_FALSE(records.next_frame());
  CHECK(records.end());
  CHECK(records.next_video()->video == "b");
  CHECK_FALSE(records.another_follows());
}

TEST_CASE("a missing input is an error before any is read") {
  const TemporaryFolder folder;
  const auto one = folder.save("one", header("a") + kEnd);
  CHECK_THROWS_WITH(RecordStream({one, folder / "none"}),
                    ContainsSubstring("none: cannot open: No such file or directory"));
}

TEST_CASE("a stop and cancel() end waiting; resume() continues") {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  std::ofstream out;
  std::jthread opener([&] { out.open(pipe); });
  RecordStream records({pipe}, [] { return false; });
  std::jthread canceller([&] {
    opener.join();
    out << header("a") << frame(0) << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    records.cancel();
  });
  REQUIRE(records.next_video());
  CHECK(records.next_frame()->frame == 0);
  CHECK_FALSE(records.next_frame());
  canceller.join();
  CHECK(records.stopped());
  CHECK_FALSE(records.end());
  CHECK_FALSE(records.next_video());
  CHECK_FALSE(records.truncated());

  records.resume();
  out << frame(1) << kEnd;
  out.close();
  CHECK(records.next_frame()->frame == 1);
  CHECK_FALSE(records.next_frame());
  CHECK(records.end());

  bool stop = false;
  RecordStream stopped({folder.save("one", header("a") + frame(0) + kEnd)}, [&] { return stop; });
  REQUIRE(stopped.next_video());
  stop = true;
  CHECK_FALSE(stopped.next_frame());
  CHECK_FALSE(stopped.end());
}

TEST_CASE("the root is prepended to relative video paths") {
  CHECK(join_root("", "a.mp4") == "a.mp4");
  CHECK(join_root("videos", "day/a.mp4") == "videos/day/a.mp4");
  CHECK(join_root("videos", "/data/a.mp4") == "/data/a.mp4");
  CHECK(join_root("videos", "-") == "-");
  Header one;
  one.video = "a.mp4";
  CHECK(video_path(one, "videos", "in:1") == "videos/a.mp4");
  one.video = "-";
  CHECK_THROWS_WITH(video_path(one, "videos", "in:1"),
                    ContainsSubstring("in:1: ") && ContainsSubstring("--video"));
}
