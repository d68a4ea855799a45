// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "core/log.h"
#include "edit_clip.h"
#include "make_clip.h"
#include "video/reader.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <random>
#include <set>

using namespace vremd;
using namespace vremd::video;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;
using Catch::Matchers::MessageMatches;

namespace {

constexpr int kFrames = 30;

// Redirects standard error to a file during its lifetime.
class CapturedErrors {
 public:
  explicit CapturedErrors(std::string path) : path_(std::move(path)), saved_(dup(STDERR_FILENO)) {
    const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDERR_FILENO);
    close(file);
  }
  ~CapturedErrors() { restore(); }

  std::vector<std::string> lines() {
    restore();
    std::ifstream file(path_);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

 private:
  void restore() {
    std::fflush(stderr);
    if (saved_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    saved_ = -1;
  }

  std::string path_;
  int saved_;
};

struct Result {
  std::vector<FramePtr> frames;
  std::int64_t damaged = 0, missing = 0;
  std::vector<std::string> log;
};

Result read_all(const TemporaryFolder& folder, const std::string& path, int threads = 1) {
  CapturedErrors errors(folder / "log");
  VideoReader reader(path, {threads, {}});
  Result result;
  while (FramePtr frame = reader.next()) result.frames.push_back(frame);
  result.damaged = reader.damaged();
  result.missing = reader.missing();
  result.log = errors.lines();
  return result;
}

// Invariants for any damage.
void check_accounts(const Result& result) {
  std::int64_t damaged = 0, missing = 0;
  for (std::size_t i = 0; i < result.frames.size(); ++i) {
    const Frame& frame = *result.frames[i];
    CHECK(frame.index == static_cast<std::int64_t>(i));
    CHECK(frame.width > 0);
    CHECK(frame.height > 0);
    CHECK(frame.rgb.empty() == frame.missing);
    damaged += frame.damaged;
    missing += frame.missing;
  }
  CHECK(damaged == result.damaged);
  CHECK(missing == result.missing);
}

std::string clip(const TemporaryFolder& folder, const std::string& file, const std::string& codec,
                 int frames = kFrames) {
  return make_clip(folder / file, frames, {.codecs = {codec}, .quality = 12, .gop = 10});
}

// Keeps the first byte, by which muxers recognise VP9's visible frames.
void zero(AVPacket& packet) { std::memset(packet.data + 1, 0, packet.size - 1); }

// A clip with one damaged packet, the index of its frame and of the key frames around it.
struct DamagedClip {
  std::string path;
  int frame = 0, key_before = 0, key_after = kFrames;
};

DamagedClip damaged_clip(const TemporaryFolder& folder, const std::string& file,
                         const std::string& codec, int number,
                         const std::function<void(AVPacket&)>& damage) {
  std::map<std::int64_t, bool> is_key;  // by time: the rank is the frame's index
  std::int64_t damaged_time = 0;
  DamagedClip result;
  result.path = edit_clip(clip(folder, file, codec), folder / ("damaged_" + file),
                          {.packet = [&](int n, AVPacket& packet) {
                            const std::int64_t time =
                                packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
                            is_key[time] = packet.flags & AV_PKT_FLAG_KEY;
                            if (n == number) {
                              damaged_time = time;
                              damage(packet);
                            }
                            return true;
                          }});
  REQUIRE(is_key.size() == kFrames);
  result.frame = static_cast<int>(std::distance(is_key.begin(), is_key.find(damaged_time)));
  int index = 0;
  for (const auto& [time, key] : is_key) {
    if (key && index < result.frame) result.key_before = index;
    if (key && index > result.frame) result.key_after = std::min(result.key_after, index);
    ++index;
  }
  return result;
}

// Decoded frames must be at their original index.
void check_places(const Result& result, const std::set<int>& uncertain = {}) {
  for (std::size_t i = 0; i < result.frames.size(); ++i) {
    CAPTURE(i);
    const Frame& frame = *result.frames[i];
    if (frame.missing || frame.damaged || uncertain.contains(static_cast<int>(i))) continue;
    CHECK(number_in(frame) == static_cast<int>(i));
  }
}

}  // namespace

TEST_CASE("a lost packet becomes a missing frame in its place") {
  struct Case {
    std::string file, codec;
  };
  const Case c = GENERATE(values<Case>({{"a.mp4", "libx264"},
                                        {"a.mkv", "libx264"},
                                        {"a.mp4", "libx265"},
                                        {"a.webm", "libvpx-vp9"},
                                        {"a.mkv", "mpeg4"},
                                        {"a.avi", "mjpeg"}}));
  if (!avcodec_find_encoder_by_name(c.codec.c_str())) SKIP("no " + c.codec);
  const int lost = GENERATE(5, 20);
  const int threads = GENERATE(1, 4);
  CAPTURE(c.file, c.codec, lost, threads);
  const TemporaryFolder folder;
  const DamagedClip broken = damaged_clip(folder, c.file, c.codec, lost, zero);
  const Result result = read_all(folder, broken.path, threads);
  check_accounts(result);
  REQUIRE(result.frames.size() == kFrames);
  CHECK(result.frames[broken.frame]->missing);
  const std::string expected =
      fmt::format("{}: frame {}: cannot decode", broken.path, broken.frame);
  CHECK(std::any_of(result.log.begin(), result.log.end(), [&](const std::string& line) {
    return line.find(expected) != std::string::npos;
  }));
  // Any frame between the key frames may refer to the lost one.
  for (int i = 0; i < kFrames; ++i) {
    if (i < broken.key_before || i >= broken.key_after) CHECK(number_in(*result.frames[i]) == i);
  }
}

TEST_CASE("an intra-only stream loses only the corrupt frames") {
  const TemporaryFolder folder;
  const std::set<int> lost{0, 7, 8, 29};
  const std::string broken = edit_clip(clip(folder, "a.avi", "mjpeg"), folder / "broken.avi",
                                       {.packet = [&](int number, AVPacket& packet) {
                                         if (lost.contains(number)) zero(packet);
                                         return true;
                                       }});
  const Result result = read_all(folder, broken);
  check_accounts(result);
  check_places(result);
  REQUIRE(result.frames.size() == kFrames);
  CHECK(result.missing == 4);
  for (int i = 0; i < kFrames; ++i) {
    CHECK(result.frames[i]->missing == lost.contains(i));
    CHECK(std::abs(result.frames[i]->time - i / 25.0) < 1e-6);
  }
  CHECK(result.frames[0]->width == 96);  // that of the first frame
  REQUIRE(result.log.size() == 4);
  CHECK_THAT(result.log[1], ContainsSubstring(broken + ": frame 7: cannot decode: "));
}

TEST_CASE("corrupt bytes give a damaged frame") {
  struct Case {
    std::string file, codec;
  };
  const Case c =
      GENERATE(values<Case>({{"a.mp4", "libx264"}, {"a.mkv", "ffv1"}, {"a.avi", "mpeg4"}}));
  if (!avcodec_find_encoder_by_name(c.codec.c_str())) SKIP("no " + c.codec);
  const int threads = GENERATE(1, 4);
  CAPTURE(c.codec, threads);
  const TemporaryFolder folder;
  const DamagedClip broken = damaged_clip(folder, c.file, c.codec, 10, [](AVPacket& packet) {
    for (int i = 0; i < 8; ++i) packet.data[packet.size / 2 + i] ^= 0x5a;
  });
  const Result result = read_all(folder, broken.path, threads);
  check_accounts(result);
  REQUIRE(result.frames.size() == kFrames);
  CHECK(result.frames[broken.frame]->damaged);
  CHECK_THAT(result.log.at(0),
             ContainsSubstring(fmt::format(": frame {}: decoded with errors", broken.frame)));
  for (int i = 0; i < broken.key_before; ++i) CHECK(number_in(*result.frames[i]) == i);
}

TEST_CASE("a lost first key frame hides nothing") {
  if (!avcodec_find_encoder_by_name("libx264")) SKIP("no libx264");
  const TemporaryFolder folder;
  const std::string broken = edit_clip(clip(folder, "a.mp4", "libx264"), folder / "broken.mp4",
                                       {.packet = [](int number, AVPacket& packet) {
                                         if (number == 0) zero(packet);
                                         return true;
                                       }});
  const Result result = read_all(folder, broken);
  check_accounts(result);
  REQUIRE(result.frames.size() == kFrames);
  CHECK(result.frames[0]->missing);
  CHECK((result.frames[1]->missing || result.frames[1]->damaged));  // refers to it
  for (int i = 10; i < kFrames; ++i) CHECK(number_in(*result.frames[i]) == i);
}

TEST_CASE("a truncated mp4 with its index in front") {
  if (!avcodec_find_encoder_by_name("libx264")) SKIP("no libx264");
  const TemporaryFolder folder;
  const std::string whole = edit_clip(clip(folder, "a.mp4", "libx264"), folder / "whole.mp4",
                                      {.muxer_options = {{"movflags", "faststart"}}});
  REQUIRE(read_all(folder, whole).frames.size() == kFrames);
  const int percent = GENERATE(60, 80, 95);
  CAPTURE(percent);
  const Result result =
      read_all(folder, cut_file(whole, folder / "cut.mp4", percent), GENERATE(1, 4));
  check_accounts(result);
  REQUIRE(result.frames.size() == kFrames);
  CHECK(result.missing > 0);
  CHECK(result.missing < kFrames);
  CHECK(number_in(*result.frames[0]) == 0);
  CHECK(result.frames[kFrames - 1]->missing);
  CHECK(result.log.size() <= 6);
}

TEST_CASE("a truncated mp4 without index is an error") {
  const TemporaryFolder folder;
  const std::string cut =
      cut_file(clip(folder, "a.mp4", "mpeg4"), folder / "cut.mp4", GENERATE(20, 80));
  CHECK_THROWS_MATCHES(VideoReader(cut), Error,
                       Message(cut + ": not a video: moov atom not found"));
}

TEST_CASE("other truncated files") {
  struct Case {
    std::string file, codec;
  };
  const Case c = GENERATE(values<Case>({{"a.mkv", "mpeg4"}, {"a.avi", "mjpeg"}}));
  CAPTURE(c.file, c.codec);
  const TemporaryFolder folder;
  const std::string whole = clip(folder, c.file, c.codec);
  const Result result = read_all(folder, cut_file(whole, folder / ("cut_" + c.file), 70));
  check_accounts(result);
  check_places(result);
  CHECK(result.frames.size() == kFrames);
  CHECK(result.missing > 0);
  CHECK(result.missing < kFrames * 2 / 3);
  CHECK(result.frames[kFrames - 1]->missing);
  CHECK_FALSE(result.log.empty());
}

TEST_CASE("a corrupt part of the container") {
  struct Case {
    std::string file, codec;
  };
  const Case c = GENERATE(values<Case>({{"a.mkv", "mpeg4"},
                                        {"a.mkv", "libx264"},
                                        {"a.webm", "libvpx-vp9"},
                                        {"a.ts", "mpeg2video"},
                                        {"a.ts", "libx264"}}));
  if (!avcodec_find_encoder_by_name(c.codec.c_str())) SKIP("no " + c.codec);
  const int percent = GENERATE(30, 50, 70);
  CAPTURE(c.file, c.codec, percent);
  constexpr int kMany = 60;
  const TemporaryFolder folder;
  std::vector<char> bytes = file_bytes(clip(folder, c.file, c.codec, kMany));
  const std::size_t at = bytes.size() * percent / 100;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 600, '\0');
  const Result result = read_all(folder, write_bytes(folder / ("damaged_" + c.file), bytes));
  check_accounts(result);
  for (const std::string& line : result.log) UNSCOPED_INFO(line);
  REQUIRE(result.frames.size() == kMany);
  CHECK(result.damaged + result.missing > 0);
  CHECK(number_in(*result.frames[0]) == 0);
  for (int i = 1; i < kMany; ++i) CHECK(result.frames[i]->time > result.frames[i - 1]->time);
}

TEST_CASE("a gap in the times is not damage by itself") {
  const TemporaryFolder folder;
  const std::string path =
      edit_clip(clip(folder, "a.mkv", "mjpeg"), folder / "gap.mkv",
                {.packet = [](int number, AVPacket&) { return number < 10 || number >= 20; }});
  const Result result = read_all(folder, path);
  CHECK(result.frames.size() == kFrames - 10);
  CHECK(result.missing == 0);
  CHECK(number_in(*result.frames[10]) == 20);
  CHECK(result.log.empty());
}

TEST_CASE("a video of lost frames only is an error") {
  const TemporaryFolder folder;
  const std::string broken = edit_clip(clip(folder, "a.avi", "mjpeg"), folder / "broken.avi",
                                       {.packet = [](int, AVPacket& packet) {
                                         zero(packet);
                                         return true;
                                       }});
  CHECK_THROWS_MATCHES(
      VideoReader(broken), Error,
      MessageMatches(ContainsSubstring(broken + ": no frame can be decoded: cannot decode")));
}

TEST_CASE("a video without frames is an error") {
  const TemporaryFolder folder;
  const std::string empty = edit_clip(clip(folder, "a.avi", "mjpeg"), folder / "empty.avi",
                                      {.packet = [](int, AVPacket&) { return false; }});
  CHECK_THROWS_MATCHES(VideoReader(empty), Error, Message(empty + ": no frames"));
}

TEST_CASE("a folder with a corrupt image") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "f");
  for (int i = 0; i < 5; ++i) {
    write_picture(folder / fmt::format("f/{}.jpg", i), numbered_frame(96, 64, i));
  }
  std::ofstream(folder / "f/0.jpg") << "no picture";
  std::vector<char> bytes = file_bytes(folder / "f/3.jpg");
  bytes.resize(bytes.size() * 3 / 4);
  write_bytes(folder / "f/3.jpg", bytes);
  const Result result = read_all(folder, folder / "f");
  check_accounts(result);
  check_places(result);
  REQUIRE(result.frames.size() == 5);
  CHECK(result.frames[0]->missing);
  CHECK(result.frames[0]->file == "0.jpg");
  CHECK(result.frames[0]->width == 96);
  CHECK(result.frames[3]->damaged);
  CHECK(result.damaged == 1);
  CHECK(result.missing == 1);
  REQUIRE(result.log.size() == 2);
  CHECK_THAT(result.log[0],
             ContainsSubstring("frame 0: " + (folder / "f/0.jpg") + ": not an image"));
}

TEST_CASE("an image that cannot be opened keeps its place") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "f");
  for (int i = 0; i < 5; ++i) {
    write_picture(folder / fmt::format("f/{}.png", i), numbered_frame(96, 64, i));
  }
  std::filesystem::remove(folder / "f/2.png");
  std::filesystem::create_symlink(folder / "gone/2.png", folder / "f/2.png");
  std::filesystem::remove(folder / "f/4.png");
  std::filesystem::create_symlink("4.png", folder / "f/4.png");  // to itself
  std::filesystem::create_directory(folder / "f/5.png");         // not a picture of the video
  std::filesystem::remove(folder / "f/3.png");
  REQUIRE(mkfifo((folder / "f/3.png").c_str(), 0600) == 0);  // without a writer
  const std::string pattern = GENERATE("f", "f/*.png", "f/%d.png");
  const Result result = read_all(folder, folder / pattern);
  check_accounts(result);
  check_places(result);
  REQUIRE(result.frames.size() == 5);
  for (int i = 0; i < 5; ++i) {
    CHECK(result.frames[i]->missing == (i >= 2));
    CHECK(result.frames[i]->file == fmt::format("{}.png", i));
  }
  CHECK_THAT(result.log.at(0), ContainsSubstring("f/2.png: cannot open: No such file"));
}

TEST_CASE("many lost frames are summarised in few lines") {
  const TemporaryFolder folder;
  const std::string broken = edit_clip(clip(folder, "a.avi", "mjpeg"), folder / "broken.avi",
                                       {.packet = [](int number, AVPacket& packet) {
                                         if (number % 2) zero(packet);
                                         return true;
                                       }});
  const Result result = read_all(folder, broken);
  check_accounts(result);
  CHECK(result.missing == kFrames / 2);
  REQUIRE(result.log.size() == 6);
  CHECK_THAT(result.log[5],
             ContainsSubstring(broken + ": 0 frames decoded with errors, 15 missing"));
}

TEST_CASE("a mirrored video") {
  if (!avcodec_find_encoder_by_name("libx264")) SKIP("no libx264");
  const TemporaryFolder folder;
  const std::int32_t one = 1 << 16;
  const std::string mirrored =
      edit_clip(clip(folder, "a.mp4", "libx264", 3), folder / "mirrored.mp4",
                {.display_matrix = {-one, 0, 0, 0, one, 0, 0, 0, 1 << 30}});
  const Result result = read_all(folder, mirrored);
  REQUIRE(result.frames.size() == 3);
  Frame expected = numbered_frame(96, 64, 2);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 48; ++x) {
      std::uint8_t* row = expected.rgb.data() + y * 96 * 3;
      std::swap_ranges(row + x * 3, row + x * 3 + 3, row + (95 - x) * 3);
    }
  }
  CHECK(difference(*result.frames[2], expected) < 4);
}

TEST_CASE("random damage neither crashes nor hangs") {
  struct Case {
    std::string file, codec;
  };
  const Case c = GENERATE(values<Case>({{"a.mp4", "libx264"},
                                        {"a.mkv", "libx265"},
                                        {"a.webm", "libvpx-vp9"},
                                        {"a.avi", "mpeg4"},
                                        {"a.mov", "mjpeg"},
                                        {"a.ts", "libx264"}}));
  if (!avcodec_find_encoder_by_name(c.codec.c_str())) SKIP("no " + c.codec);
  CAPTURE(c.file);
  const TemporaryFolder folder;
  const std::vector<char> whole = file_bytes(clip(folder, c.file, c.codec));
  std::mt19937 random(7);
  int readable = 0;
  for (int round = 0; round < 12; ++round) {
    std::vector<char> bytes = whole;
    for (int hit = 0; hit < 1 << (round % 6); ++hit) {
      const std::size_t at = random() % bytes.size();
      const std::size_t length = std::min<std::size_t>(1 + random() % 40, bytes.size() - at);
      for (std::size_t i = 0; i < length; ++i) bytes[at + i] = static_cast<char>(random());
    }
    const std::string path = write_bytes(folder / ("damaged_" + c.file), bytes);
    try {
      const Result result = read_all(folder, path, 1 + round % 2);
      check_accounts(result);
      CHECK(result.frames.size() <= 4 * kFrames);
      ++readable;
    } catch (const Error& error) {
      CHECK_THAT(error.what(), ContainsSubstring(path + ": "));
    }
  }
  CHECK(readable > 0);
}
