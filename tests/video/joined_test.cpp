// SPDX-License-Identifier: Apache-2.0
// Undamaged files that are not as a muxer leaves them: joined, cut, written to a pipe.
#include "edit_clip.h"
#include "make_clip.h"
#include "video/reader.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <thread>

using namespace vremd;
using namespace vremd::video;

namespace {

constexpr int kFrames = 25;

struct Form {
  std::string ending, codec;
};

std::string clip(const TemporaryFolder& folder, const Form& form, int frames = kFrames) {
  return make_clip(folder / fmt::format("{}.{}", frames, form.ending), frames,
                   {.codecs = {form.codec}, .quality = 12, .gop = 12, .force = true});
}

// `index_first`: of an MP4, which otherwise has it at the end.
std::vector<char> clip_bytes(const TemporaryFolder& folder, const Form& form, int frames,
                             bool index_first) {
  const std::string path = clip(folder, form, frames);
  if (form.ending != "mp4" || !index_first) return file_bytes(path);
  return file_bytes(
      edit_clip(path, folder / "edited.mp4", {.muxer_options = {{"movflags", "faststart"}}}));
}

std::vector<char> three_clips(const TemporaryFolder& folder, const Form& form, bool index_first) {
  std::vector<char> bytes;
  for (const int frames : {kFrames, 8, kFrames}) {
    const std::vector<char> part = clip_bytes(folder, form, frames, index_first);
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

struct Result {
  std::vector<FramePtr> frames;
  std::int64_t damaged = 0, missing = 0;
};

// The frames, with increasing times.
Result read_all(const std::string& path, int threads) {
  VideoReader reader(path, {threads, {}});
  Result result;
  while (FramePtr frame = reader.next()) {
    CHECK(frame->index == std::ssize(result.frames));
    if (!result.frames.empty()) CHECK(frame->time > result.frames.back()->time);
    result.frames.push_back(frame);
  }
  result.damaged = reader.damaged();
  result.missing = reader.missing();
  return result;
}

// Whether the frames are those of clips of `parts` frames, each numbered from 0.
void check_numbers(const Result& result, std::initializer_list<int> parts) {
  std::vector<int> numbers, expected;
  for (const FramePtr& frame : result.frames) numbers.push_back(number_in(*frame));
  for (const int frames : parts) {
    for (int i = 0; i < frames; ++i) expected.push_back(i);
  }
  CHECK(numbers == expected);
}

void check_same(const Result& a, const Result& b) {
  REQUIRE(a.frames.size() == b.frames.size());
  for (std::size_t i = 0; i < a.frames.size(); ++i) {
    CHECK(a.frames[i]->time == b.frames[i]->time);
    CHECK(a.frames[i]->pts == b.frames[i]->pts);
    CHECK(a.frames[i]->damaged == b.frames[i]->damaged);
    // What is concealed depends on the threads.
    if (!a.frames[i]->damaged) CHECK((a.frames[i]->rgb == b.frames[i]->rgb));
  }
}

}  // namespace

TEST_CASE("recordings joined by cat") {
  const Form form = GENERATE(values<Form>({{"ts", "libx264"},
                                           {"ts", "libx265"},
                                           {"ts", "mpeg2video"},
                                           {"ts", "mpeg4"},
                                           {"mpg", "mpeg2video"},
                                           {"h264", "libx264"},
                                           {"m2v", "mpeg2video"},
                                           {"mjpeg", "mjpeg"},
                                           {"ogv", "libtheora"},
                                           {"mkv", "libx264"},
                                           {"webm", "libvpx-vp9"},
                                           {"flv", "libx264"},
                                           {"mp4", "libx264"},
                                           {"mov", "mjpeg"},
                                           {"avi", "mjpeg"},
                                           {"avi", "libx264"},
                                           {"ivf", "libvpx-vp9"},
                                           {"nut", "libx264"},
                                           {"y4m", "wrapped_avframe"}}));
  if (!avcodec_find_encoder_by_name(form.codec.c_str())) SKIP("no " + form.codec);
  CAPTURE(form.ending, form.codec);
  const TemporaryFolder folder;
  const std::vector<char> bytes = three_clips(folder, form, /*index_first=*/false);
  const std::string joined = write_bytes(folder / ("joined." + form.ending), bytes);
  const Result result = read_all(joined, 1);
  CHECK(result.damaged == 0);
  CHECK(result.missing == 0);
  check_numbers(result, {kFrames, 8, kFrames});
  // Each part goes on one frame after the one before.
  CHECK(std::abs(result.frames.back()->time - (2 * kFrames + 8 - 1) / 25.0) < 0.05);
  check_same(result, read_all(joined, 4));
}

TEST_CASE("recordings joined by cat, through a pipe") {
  const Form form = GENERATE(values<Form>({{"mkv", "libx264"},
                                           {"flv", "libx264"},
                                           {"mp4", "libx264"},
                                           {"avi", "mjpeg"},
                                           {"ivf", "libvpx-vp9"},
                                           {"nut", "libx264"},
                                           {"y4m", "wrapped_avframe"}}));
  if (!avcodec_find_encoder_by_name(form.codec.c_str())) SKIP("no " + form.codec);
  CAPTURE(form.ending, form.codec);
  const TemporaryFolder folder;
  const std::vector<char> bytes = three_clips(folder, form, /*index_first=*/true);
  const std::string joined = write_bytes(folder / ("joined." + form.ending), bytes);
  const std::string pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const int threads : {1, 4}) {
    std::thread writer(
        [&] { std::ofstream(pipe, std::ios::binary).write(bytes.data(), std::ssize(bytes)); });
    const Result result = read_all(pipe, threads);
    writer.join();
    CHECK(result.damaged == 0);
    CHECK(result.missing == 0);
    check_numbers(result, {kFrames, 8, kFrames});
    check_same(result, read_all(joined, threads));
  }
}

TEST_CASE("a cut recording with another one joined to it") {
  struct Cut {
    Form form;
    bool told;     // the container or the decoder notices a cut inside a frame
    bool counted;  // the container has the number of frames
  };
  const auto [form, told, counted] = GENERATE(
      values<Cut>({{{"ts", "libx264"}, false, false},  // joined at any packet, it is intact
                   {{"mkv", "libx264"}, true, false},
                   {{"webm", "libvpx-vp9"}, true, false},
                   {{"flv", "libx264"}, true, false},
                   {{"ogv", "libtheora"}, false, false},  // pages of many frames
                   {{"avi", "mjpeg"}, true, true},
                   {{"avi", "libx264"}, true, true},
                   {{"ivf", "libvpx-vp9"}, true, false},
                   {{"mp4", "libx264"}, true, true},
                   {{"nut", "libx264"}, true, false},
                   {{"y4m", "wrapped_avframe"}, true, false}}));
  if (!avcodec_find_encoder_by_name(form.codec.c_str())) SKIP("no " + form.codec);
  const int percent = GENERATE(55, 70, 85);
  CAPTURE(form.ending, form.codec, percent);
  const TemporaryFolder folder;
  const std::vector<char> bytes = clip_bytes(folder, form, kFrames, /*index_first=*/true);
  std::vector<char> joined(bytes.begin(), bytes.begin() + std::ssize(bytes) * percent / 100);
  joined.insert(joined.end(), bytes.begin(), bytes.end());
  const std::string path = write_bytes(folder / ("joined." + form.ending), joined);
  const Result result = read_all(path, 1);
  // All of the second part, after which nothing follows.
  REQUIRE(result.frames.size() >= kFrames);
  const auto second = result.frames.end() - kFrames;
  for (int i = 0; i < kFrames; ++i) {
    REQUIRE(!second[i]->missing);
    if (i > 0) CHECK(number_in(*second[i]) == i);  // its first frame may have errors
  }
  if (told && percent == 70) CHECK(result.damaged + result.missing > 0);
  // The index of the first AVI part lies behind the cut; at 55 percent its header does, too.
  if (counted && percent > 55) CHECK(result.frames.size() == 2 * kFrames);
  check_same(result, read_all(path, 4));
}

TEST_CASE("recordings with other PIDs and frame rates joined by cat") {
  if (!avcodec_find_encoder_by_name("libx264")) SKIP("no libx264");
  const TemporaryFolder folder;
  const std::string one = clip(folder, {"ts", "libx264"});
  const std::string other =
      edit_clip(make_clip(folder / "fast.ts", 10, {.fps = {50, 1}, .codecs = {"libx264"}}),
                folder / "other.ts", {.muxer_options = {{"mpegts_start_pid", "600"}}});
  std::vector<char> bytes = file_bytes(one);
  const std::vector<char> part = file_bytes(other);
  bytes.insert(bytes.end(), part.begin(), part.end());
  const std::string joined = write_bytes(folder / "joined.ts", bytes);
  const Result result = read_all(joined, 1);
  CHECK(result.damaged == 0);
  CHECK(result.missing == 0);
  check_numbers(result, {kFrames, 10});
  check_same(result, read_all(joined, 4));
}

TEST_CASE("recordings in other codecs on the same PID joined by cat") {
  const std::vector<std::string> codecs = GENERATE(values<std::vector<std::string>>(
      {{"libx264", "mpeg2video"}, {"mpeg2video", "libx264", "mpeg4"}, {"libx264", "libx265"}}));
  for (const std::string& codec : codecs) {
    if (!avcodec_find_encoder_by_name(codec.c_str())) SKIP("no " + codec);
  }
  const TemporaryFolder folder;
  std::vector<char> bytes;
  for (const std::string& codec : codecs) {
    const std::vector<char> part = file_bytes(clip(folder, {"ts", codec}));
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  const std::string joined = write_bytes(folder / "joined.ts", bytes);
  const Result result = read_all(joined, 1);
  CHECK(result.damaged == 0);
  CHECK(result.missing == 0);
  REQUIRE(result.frames.size() == kFrames * codecs.size());
  for (std::size_t i = 0; i < result.frames.size(); ++i) {
    CHECK(number_in(*result.frames[i]) == static_cast<int>(i % kFrames));
  }
  check_same(result, read_all(joined, 4));
}

TEST_CASE("a damaged program map does not begin another recording") {
  const Form form{"ts", "libx264"};
  if (!avcodec_find_encoder_by_name(form.codec.c_str())) SKIP("no " + form.codec);
  const TemporaryFolder folder;
  std::vector<char> bytes = file_bytes(clip(folder, form, 50));
  const std::string entry("\x1b\xe1\x00\xf0\x00", 5);  // H.264, PID 256, no descriptors
  const auto last = std::find_end(bytes.begin(), bytes.end(), entry.begin(), entry.end());
  REQUIRE(last != bytes.end());
  REQUIRE(last - bytes.begin() > std::ssize(bytes) / 2);
  *last = 2;  // MPEG-2; the checksum does not fit
  const Result result = read_all(write_bytes(folder / "map.ts", bytes), 1);
  CHECK(result.frames.size() == 50);
  CHECK(result.damaged == 0);
  CHECK(result.missing == 0);
}

TEST_CASE("a recording that begins in the middle of a group of pictures") {
  const Form form =
      GENERATE(values<Form>({{"ts", "libx264"}, {"ts", "libx265"}, {"ts", "mpeg2video"}}));
  if (!avcodec_find_encoder_by_name(form.codec.c_str())) SKIP("no " + form.codec);
  CAPTURE(form.ending, form.codec);
  const TemporaryFolder folder;
  std::vector<char> bytes = file_bytes(clip(folder, form, 50));
  constexpr std::size_t kPacket = 188;
  bytes.erase(bytes.begin(),
              bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / kPacket / 3 * kPacket));
  const std::string path = write_bytes(folder / "later.ts", bytes);
  const Result result = read_all(path, 1);
  CHECK(result.missing == 0);
  REQUIRE(result.frames.size() >= kFrames);
  CHECK(result.frames[0]->time == 0);
  for (int i = 1; i <= kFrames; ++i) {  // from the end: the first ones refer to what was cut away
    CHECK(number_in(**(result.frames.end() - i)) == 50 - i);
  }
  check_same(result, read_all(path, 4));
}

TEST_CASE("packed B-frames") {
  const TemporaryFolder folder;
  const int frames = GENERATE(24, 25);
  const std::string plain = make_clip(
      folder / "plain.avi", frames, {.codecs = {"mpeg4"}, .quality = 12, .gop = 12, .b_frames = 1});
  const std::string path = pack_b_frames(plain, folder / "packed.avi");
  const Result result = read_all(path, 1);
  CHECK(result.damaged == 0);
  CHECK(result.missing == 0);
  check_numbers(result, {frames});
  check_same(result, read_all(path, 4));
}

TEST_CASE("an AVI's frame count is used only if plausible") {
  const TemporaryFolder folder;
  std::vector<char> bytes = file_bytes(clip(folder, {"avi", "mjpeg"}));
  const auto set_32 = [&](std::size_t at, std::uint32_t value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  };
  const bool placeholders = GENERATE(false, true);
  constexpr std::size_t kRiffSize = 4, kFramesOfFile = 48;
  const std::string list{"strh"};
  const auto stream = std::search(bytes.begin(), bytes.end(), list.begin(), list.end());
  REQUIRE(stream != bytes.end());
  const std::size_t frames_of_stream = stream - bytes.begin() + 8 + 32;
  std::uint32_t before = 0;
  std::memcpy(&before, bytes.data() + frames_of_stream, sizeof before);
  REQUIRE(before == kFrames);
  for (const std::size_t at : {kFramesOfFile, frames_of_stream}) {
    set_32(at, placeholders ? 0x40000000 : kFrames + 5);
  }
  if (placeholders) set_32(kRiffSize, 0xffffffff);  // as a muxer leaves it that cannot seek
  const Result result = read_all(write_bytes(folder / "other.avi", bytes), 1);
  CHECK(result.frames.size() == kFrames);
  CHECK(result.missing == 0);
}
