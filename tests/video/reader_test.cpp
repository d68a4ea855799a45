// SPDX-License-Identifier: Apache-2.0
#include "video/reader.h"

#include "core/error.h"
#include "make_clip.h"
#include "video/av.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

using namespace vremd;
using namespace vremd::video;
using Catch::Matchers::Message;

namespace {

bool have_encoder(const std::string& name) {
  return avcodec_find_encoder_by_name(name.c_str()) != nullptr;
}

std::vector<FramePtr> read_all(const std::string& path, int threads = 1) {
  VideoReader reader(path, {threads, {}});
  std::vector<FramePtr> frames;
  while (FramePtr frame = reader.next()) frames.push_back(frame);
  return frames;
}

}  // namespace

TEST_CASE("each codec: every frame, in order, with its pixels") {
  struct Case {
    std::string file, codec, pixels, name;
    int width, height;
    double tolerance;  // mean absolute difference
  };
  const Case c = GENERATE(values<Case>({
      {"a.mp4", "libx264", "yuv420p", "h264", 96, 64, 4},
      {"a.mkv", "libx264", "yuv420p10le", "h264", 96, 64, 4},
      {"a.mkv", "libx264", "yuv422p", "h264", 96, 64, 4},
      {"a.mov", "libx264", "yuv444p", "h264", 97, 63, 3},
      {"a.ts", "libx264", "yuv420p", "h264", 96, 64, 4},
      {"a.avi", "libx264", "yuv420p", "h264", 96, 64, 4},
      {"a.h264", "libx264", "yuv420p", "h264", 96, 64, 4},
      {"a.mp4", "libx265", "yuv420p", "hevc", 96, 64, 4},
      {"a.mkv", "libx265", "yuv420p10le", "hevc", 96, 64, 4},
      {"a.webm", "libvpx-vp9", "yuv420p", "vp9", 96, 64, 4},
      {"a.webm", "libvpx-vp9", "yuv444p", "vp9", 97, 63, 4},
      {"a.avi", "mjpeg", "yuvj420p", "mjpeg", 95, 61, 4},
      {"a.avi", "mjpeg", "yuvj444p", "mjpeg", 96, 64, 3},
      {"a.avi", "mpeg4", "yuv420p", "mpeg4", 96, 64, 5},
      {"a.mp4", "mpeg4", "yuv420p", "mpeg4", 95, 61, 5},
      {"a.mkv", "ffv1", "bgr0", "ffv1", 97, 63, 0},
      {"a.mkv", "ffv1", "yuv420p", "ffv1", 97, 63, 3},
      {"a.mkv", "ffv1", "yuv422p10le", "ffv1", 33, 17, 4},
      {"a.mkv", "ffv1", "yuv444p", "ffv1", 35, 21, 1.2},
  }));
  CAPTURE(c.file, c.codec, c.pixels);
  if (!have_encoder(c.codec)) SKIP("this libavcodec has no " + c.codec);
  const TemporaryFolder folder;
  VideoWriterOptions options;
  options.width = c.width;
  options.height = c.height;
  options.codecs = {c.codec};
  options.pixel_format = c.pixels;
  options.quality = 10;
  options.gop = 7;
  constexpr int kFrames = 25;
  const std::string path = make_clip(folder / c.file, kFrames, options);

  const VideoReader reader(path);
  CHECK(reader.info().name == path);
  CHECK(reader.info().codec == c.name);
  CHECK(reader.info().width == c.width);
  CHECK(reader.info().height == c.height);
  REQUIRE(reader.info().fps);
  CHECK(*reader.info().fps == std::pair<std::int64_t, std::int64_t>{25, 1});

  const std::vector<FramePtr> frames = read_all(path);
  REQUIRE(frames.size() == kFrames);
  for (int i = 0; i < kFrames; ++i) {
    CAPTURE(i);
    const Frame& frame = *frames[i];
    CHECK(frame.index == i);
    CHECK(number_in(frame) == i);
    CHECK_FALSE(frame.damaged);
    CHECK_FALSE(frame.missing);
    CHECK(std::abs(frame.time - i / 25.0) < 0.0011);  // Matroska counts milliseconds
    CHECK(difference(frame, numbered_frame(c.width, c.height, i)) <= c.tolerance);
  }
  const std::vector<FramePtr> threaded = read_all(path, 4);
  REQUIRE(threaded.size() == kFrames);
  for (int i = 0; i < kFrames; ++i) {
    CHECK(threaded[i]->rgb == frames[i]->rgb);
    CHECK(threaded[i]->pts == frames[i]->pts);
  }
}

TEST_CASE("gray video") {
  if (!have_encoder("ffv1")) SKIP("no ffv1");
  const TemporaryFolder folder;
  VideoWriterOptions options;
  options.codecs = {"ffv1"};
  options.pixel_format = GENERATE("gray", "gray10le");
  const std::vector<FramePtr> frames = read_all(make_clip(folder / "a.mkv", 3, options));
  REQUIRE(frames.size() == 3);
  for (int i = 0; i < 3; ++i) {
    const Frame& frame = *frames[i];
    CHECK(number_in(frame) == i);
    const std::uint8_t* bar = frame.row(frame.height - 1) + (frame.width - 1) * 3;
    for (int c = 0; c < 3; ++c) CHECK(std::abs(bar[c] - 20) <= 2);
  }
}

TEST_CASE("variable rate keeps its times") {
  const std::string file = GENERATE("a.mp4", "a.mkv");
  const TemporaryFolder folder;
  const std::vector<double> times{0, 0.04, 0.05, 0.5, 0.54, 2, 2.02, 2.04};
  const std::string path = make_clip(folder / file, 8, {}, times);
  const VideoReader reader(path);
  REQUIRE(reader.info().time_base);
  const double unit = static_cast<double>(reader.info().time_base->first) /
                      static_cast<double>(reader.info().time_base->second);
  const std::vector<FramePtr> frames = read_all(path);
  REQUIRE(frames.size() == times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    CAPTURE(i);
    CHECK(number_in(*frames[i]) == static_cast<int>(i));
    CHECK(std::abs(frames[i]->time - times[i]) < 0.0011);
    REQUIRE(frames[i]->pts);
    CHECK(std::abs(static_cast<double>(*frames[i]->pts - *frames[0]->pts) * unit - times[i]) <
          0.0011);
  }
}

TEST_CASE("the display rotation is applied") {
  if (!have_encoder("libx264")) SKIP("no libx264");
  const int rotation = GENERATE(0, 90, 180, 270);
  CAPTURE(rotation);
  const TemporaryFolder folder;
  VideoWriterOptions options;
  options.rotation = rotation;
  options.quality = 10;
  const VideoReader reader(make_clip(folder / "a.mp4", 3, options));
  const bool turned = rotation % 180 != 0;
  CHECK(reader.info().width == (turned ? 64 : 96));
  CHECK(reader.info().height == (turned ? 96 : 64));

  const std::vector<FramePtr> frames = read_all(folder / "a.mp4");
  REQUIRE(frames.size() == 3);
  const Frame stored = numbered_frame(96, 64, 2);
  Frame expected;
  expected.width = turned ? 64 : 96;
  expected.height = turned ? 96 : 64;
  expected.rgb.resize(stored.rgb.size());
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 96; ++x) {
      int to_x = x, to_y = y;
      if (rotation == 90) to_x = 63 - y, to_y = x;
      if (rotation == 180) to_x = 95 - x, to_y = 63 - y;
      if (rotation == 270) to_x = y, to_y = 95 - x;
      std::copy_n(stored.row(y) + x * 3, 3,
                  expected.rgb.data() + (to_y * expected.width + to_x) * 3);
    }
  }
  CHECK(difference(*frames[2], expected) < 4);
}

TEST_CASE("a folder of images is one video in natural order") {
  const TemporaryFolder folder;
  for (const int number : {0, 1, 2, 10, 11}) {
    write_picture(folder / ("img" + std::to_string(number) + (number % 2 ? ".png" : ".jpg")),
                  numbered_frame(96 + number, 64, number));
  }
  std::ofstream(folder / "readme.txt") << "not a picture";
  const std::vector<int> numbers{0, 1, 2, 10, 11};
  const std::string given = GENERATE("", "img*", "img?*.??g");
  const std::string path = given.empty() ? folder.path.string() : folder / given;
  CAPTURE(path);
  const VideoReader reader(path);
  CHECK(reader.info().frames_expected == 5);
  CHECK_FALSE(reader.info().fps);
  const std::vector<FramePtr> frames = read_all(path);
  REQUIRE(frames.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(frames[i]->index == static_cast<std::int64_t>(i));
    CHECK(number_in(*frames[i]) == numbers[i]);
    CHECK(frames[i]->width == 96 + numbers[i]);
    CHECK(frames[i]->file.starts_with("img" + std::to_string(numbers[i]) + "."));
  }
}

TEST_CASE("a number pattern") {
  const TemporaryFolder folder;
  for (const int number : {3, 1, 12}) {
    write_picture(folder / fmt::format("{:04}.png", number), numbered_frame(64, 32, number));
  }
  const std::vector<FramePtr> frames = read_all(folder / "%04d.png");
  REQUIRE(frames.size() == 3);
  CHECK(number_in(*frames[0]) == 1);
  CHECK(number_in(*frames[1]) == 3);
  CHECK(number_in(*frames[2]) == 12);
  CHECK(frames[2]->file == "0012.png");
}

TEST_CASE("images of the same size do not mix") {
  const std::string ending = GENERATE(".png", ".jpg");
  const TemporaryFolder folder;
  for (int i = 0; i < 3; ++i) {
    write_picture(folder / (std::to_string(i) + ending), numbered_frame(96, 64, 40 + i));
  }
  const std::vector<FramePtr> frames = read_all(folder.path);
  REQUIRE(frames.size() == 3);
  for (int i = 0; i < 3; ++i) {
    CHECK(difference(*frames[i], numbered_frame(96, 64, 40 + i)) < (ending == ".png" ? 1e-9 : 2.5));
  }
}

TEST_CASE("an image is a video of one frame") {
  const TemporaryFolder folder;
  const std::string path = folder / GENERATE("a.png", "a.jpg", "100%d.png", "what? [a]*.png");
  write_picture(path, numbered_frame(64, 33, 77));
  VideoReader reader(path);
  CHECK(reader.info().frames_expected == 1);
  const FramePtr frame = reader.next();
  REQUIRE(frame);
  CHECK(number_in(*frame) == 77);
  CHECK(frame->height == 33);
  CHECK(frame->file.empty());
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.next());
  CHECK(read_picture(path)->rgb == frame->rgb);
}

TEST_CASE("files recognised as images") {
  const TemporaryFolder folder;
  write_picture(folder / "a.png", numbered_frame(32, 16, 1));
  write_picture(folder / "b.jpg", numbered_frame(32, 16, 1));
  std::filesystem::rename(folder / "a.png", folder / "png_without_ending");
  std::filesystem::copy(folder / "b.jpg", folder / "stream.mjpeg");
  std::ofstream(folder / "notes") << "text";
  std::filesystem::create_directory(folder / "folder.jpg");
  CHECK(is_picture(folder / "b.jpg"));
  CHECK(is_picture(folder / "png_without_ending"));
  CHECK(is_picture("missing.webp"));
  CHECK_FALSE(is_picture(folder / "stream.mjpeg"));
  CHECK_FALSE(is_picture(folder / "notes"));
  CHECK_FALSE(is_picture(folder / "folder.jpg"));
  CHECK_FALSE(is_picture("missing.mp4"));
}

TEST_CASE("the EXIF orientation of a JPEG is applied") {
  const TemporaryFolder folder;
  write_picture(folder / "a.jpg", numbered_frame(96, 64, 5));
  std::ifstream file(folder / "a.jpg", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  // An APP1 segment of one entry: orientation 6, a quarter turn clockwise.
  const std::string exif(
      "\xff\xe1\x00\x22"
      "Exif\0\0"
      "MM\0\x2a\0\0\0\x08"
      "\0\x01"
      "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
      "\0\0\0\0",
      36);
  bytes.insert(2, exif);
  std::ofstream(folder / "b.jpg", std::ios::binary) << bytes;
  const FramePtr upright = read_picture(folder / "a.jpg");
  const FramePtr turned = read_picture(folder / "b.jpg");
  CHECK_FALSE(turned->damaged);
  REQUIRE(turned->width == 64);
  REQUIRE(turned->height == 96);
  CHECK(std::equal(turned->row(0), turned->row(0) + 3, upright->row(63)));
  CHECK(std::equal(turned->row(95), turned->row(95) + 3, upright->row(63) + 95 * 3));
}

TEST_CASE("one-line errors") {
  const TemporaryFolder folder;
  const auto error_of = [](const std::string& path) -> std::string {
    try {
      VideoReader reader(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string missing = folder / "missing.mp4";
  CHECK(error_of(missing) == missing + ": cannot open: No such file or directory");
  const std::string missing_picture = folder / "missing.jpg";
  CHECK(error_of(missing_picture) == missing_picture + ": cannot open: No such file or directory");

  const std::string empty = folder / "empty.mp4";
  std::ofstream{empty};
  CHECK(error_of(empty) == empty + ": the file is empty");
  const std::string empty_picture = folder / "empty.jpg";
  std::ofstream{empty_picture};
  CHECK(error_of(empty_picture) == empty_picture + ": the file is empty");

  const std::string text = folder / GENERATE("text.mp4", "text.txt", "text", "text.json");
  std::ofstream(text) << "{\"this\": \"is no video\"}\n" << std::string(3000, ' ');
  CHECK(error_of(text).starts_with(text + ": not a video"));
  const std::string text_picture = folder / "text.png";
  std::ofstream(text_picture) << "this is no picture";
  CHECK(error_of(text_picture) == text_picture + ": not an image");
  CHECK_THROWS_MATCHES(read_picture(text_picture), Error, Message(text_picture + ": not an image"));

  std::filesystem::create_directory(folder / "none");
  CHECK(error_of(folder / "none") == (folder / "none") + ": no images in this directory");
  CHECK(error_of(folder / "*.jpeg") == (folder / "*.jpeg") + ": no images match this pattern");
  CHECK(error_of(folder / "%d.jpeg") == (folder / "%d.jpeg") + ": no images match this pattern");
  CHECK_THROWS_AS(read_picture(folder / "none"), Error);
}

TEST_CASE("audio without video") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.wav";
  // PCM, one channel, 8000 Hz, 8 bits, 2000 samples
  std::string wav(
      "RIFF\xf4\x07\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0"
      "\x01\0\x08\0data\xd0\x07\0\0",
      44);
  wav.resize(44 + 2000, '\x80');
  std::ofstream(path, std::ios::binary) << wav;
  CHECK_THROWS_MATCHES(VideoReader(path), Error, Message(path + ": no video stream"));
}

TEST_CASE("a file name may contain a colon") {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  make_clip("take:1.avi", 3, {.codecs = {"mjpeg"}});
  const std::size_t frames = read_all("take:1.avi").size();
  std::filesystem::current_path(before);
  CHECK(frames == 3);
}

TEST_CASE("a pipe is read to its end") {
  const TemporaryFolder folder;
  const std::string clip = make_clip(folder / "a.mkv", 12, {.codecs = {"mpeg4"}});
  const std::string pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  std::thread writer([&] {
    std::ifstream from(clip, std::ios::binary);
    std::ofstream(pipe, std::ios::binary) << from.rdbuf();
  });
  const std::vector<FramePtr> frames = read_all(pipe);
  writer.join();
  REQUIRE(frames.size() == 12);
  for (int i = 0; i < 12; ++i) CHECK(number_in(*frames[i]) == i);
}

TEST_CASE("standard input") {
  const TemporaryFolder folder;
  const std::string clip = make_clip(folder / "a.avi", 5, {.codecs = {"mjpeg"}});
  const int saved = dup(STDIN_FILENO);
  const int input = open(clip.c_str(), O_RDONLY);
  REQUIRE(dup2(input, STDIN_FILENO) == STDIN_FILENO);
  close(input);
  VideoReader reader("-");
  CHECK(reader.info().name == "-");
  int frames = 0;
  while (const FramePtr frame = reader.next()) CHECK(number_in(*frame) == frames++);
  CHECK(frames == 5);
  dup2(saved, STDIN_FILENO);
  close(saved);
}

TEST_CASE("a stop interrupts waiting for a pipe") {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  std::atomic<bool> stop{false};
  const int keep_open = open(pipe.c_str(), O_RDWR);
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    stop = true;
  });
  const auto start = std::chrono::steady_clock::now();
  VideoReader reader(pipe, {1, [&] { return stop.load(); }});
  CHECK_FALSE(reader.next());
  CHECK(reader.stopped());
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  stopper.join();
  close(keep_open);
}

TEST_CASE("a stop between frames") {
  const TemporaryFolder folder;
  const bool pictures = GENERATE(false, true);
  std::string path = folder.path;
  if (pictures) {
    for (int i = 0; i < 8; ++i) {
      write_picture(folder / fmt::format("{}.png", i), numbered_frame(32, 16, i));
    }
  } else {
    path = make_clip(folder / "a.avi", 8, {.codecs = {"mjpeg"}});
  }
  bool stop = false;
  VideoReader reader(path, {1, [&] { return stop; }});
  CHECK(reader.next());
  CHECK(reader.next());
  CHECK_FALSE(reader.stopped());
  stop = true;
  int more = 0;
  while (reader.next()) ++more;
  CHECK(more <= 1);  // one may have been decoded already
  CHECK(reader.stopped());
}

TEST_CASE("the size may change between frames") {
  const std::string codec = GENERATE("libx264", "mjpeg");
  if (!have_encoder(codec)) SKIP("no " + codec);
  const TemporaryFolder folder;
  const std::string ending = codec == "mjpeg" ? ".mjpeg" : ".h264";
  std::ofstream both(folder / ("both" + ending), std::ios::binary);
  for (const int width : {96, 64, 128}) {
    const std::string part = folder / (std::to_string(width) + ending);
    make_clip(part, 4, {.width = width, .height = width / 2, .codecs = {codec}});
    both << std::ifstream(part, std::ios::binary).rdbuf();
  }
  both.close();
  const std::vector<FramePtr> frames = read_all(folder / ("both" + ending), GENERATE(1, 3));
  REQUIRE(frames.size() == 12);
  for (int i = 0; i < 12; ++i) {
    const int width = i < 4 ? 96 : i < 8 ? 64 : 128;
    CHECK(frames[i]->width == width);
    CHECK(frames[i]->height == width / 2);
    CHECK(number_in(*frames[i]) == i % 4);
  }
}
