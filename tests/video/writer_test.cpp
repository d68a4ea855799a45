// SPDX-License-Identifier: Apache-2.0
#include "video/writer.h"

#include "core/error.h"
#include "make_clip.h"
#include "video/reader.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fstream>

using namespace vremd;
using namespace vremd::video;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;
using Catch::Matchers::MessageMatches;

namespace {

int files_in(const TemporaryFolder& folder) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path)) {
    ++count;
  }
  return count;
}

VideoWriterOptions small(const std::string& codec = "mpeg4") {
  return {.width = 96, .height = 64, .codecs = {codec}};
}

}  // namespace

TEST_CASE("a video gets its name when it is complete") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.mp4";
  {
    VideoWriter writer(path, small());
    writer.write(numbered_frame(96, 64, 0));
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(files_in(folder) == 1);
    writer.close();
    CHECK(std::filesystem::exists(path));
  }
  CHECK(files_in(folder) == 1);
}

TEST_CASE("an unclosed video leaves no file") {
  const TemporaryFolder folder;
  {
    VideoWriter writer(folder / "a.mkv", small());
    for (int i = 0; i < 5; ++i) writer.write(numbered_frame(96, 64, i));
  }
  CHECK(files_in(folder) == 0);
  {
    VideoWriter writer(folder / "a.mkv", small());
    CHECK_THROWS_MATCHES(writer.close(), Error,
                         Message((folder / "a.mkv") + ": no frames to write"));
  }
  CHECK(files_in(folder) == 0);
}

TEST_CASE("an existing video is overwritten only with force") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.avi";
  std::ofstream(path) << "mine";
  CHECK_THROWS_MATCHES(VideoWriter(path, small()), Error,
                       MessageMatches(ContainsSubstring(path + ": already exists")));
  CHECK(std::filesystem::file_size(path) == 4);
  VideoWriterOptions options = small();
  options.force = true;
  make_clip(path, 3, options);
  VideoReader reader(path);
  int frames = 0;
  while (reader.next()) ++frames;
  CHECK(frames == 3);
}

TEST_CASE("a full disk is an error") {
  const TemporaryFolder folder;
  const std::string path = folder / GENERATE("a.avi", "a.mp4", "a.mkv");
  std::filesystem::create_symlink("/dev/full", path);
  CHECK_THROWS_MATCHES(make_clip(path, 40, small()), Error,
                       Message(path + ": cannot write: No space left on device"));
}

TEST_CASE("invalid options are rejected before writing") {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::string& file, const VideoWriterOptions& options) {
    try {
      VideoWriter writer(folder / file, options);
      writer.write(numbered_frame(96, 64, 0));
    } catch (const Error& error) {
      return std::string(error.what()).substr((folder / "").size());
    }
    return std::string("no error");
  };
  CHECK(error_of("a.nothing", small()) == "a.nothing: unknown video format for this extension");
  CHECK(error_of("a", small()) == "a: unknown video format for this extension");
  CHECK(error_of("a.webm", small("mpeg4")) == "a.webm: this file format cannot hold mpeg4");
  CHECK(error_of("a.mp4", small("nothing")) == "a.mp4: this libavcodec has no encoder nothing");
  CHECK(error_of("none/a.mp4", small()).starts_with("none/a.mp4: no directory "));
  VideoWriterOptions options = small();
  options.pixel_format = "nothing";
  CHECK(error_of("a.mp4", options) == "a.mp4: unknown pixel format nothing");
  options = small();
  options.width = 0;
  CHECK(error_of("a.mp4", options) == "a.mp4: cannot write 0x64 at 25/1 frames a second");
  options.width = 98;
  CHECK(error_of("a.mp4", options) == "a.mp4: frame 0 is 96x64, not 98x64");
  CHECK(files_in(folder) == 0);
}

TEST_CASE("the first available encoder is used") {
  const TemporaryFolder folder;
  VideoWriterOptions options = small();
  options.codecs = {"nothing", "mpeg4", "libx264"};
  CHECK(VideoReader(make_clip(folder / "a.mp4", 3, options)).info().codec == "mpeg4");
}

TEST_CASE("times must increase, and frames must have pixels") {
  const TemporaryFolder folder;
  VideoWriter writer(folder / "a.mkv", small());
  writer.write(numbered_frame(96, 64, 0), 0.5);
  CHECK_THROWS_MATCHES(writer.write(numbered_frame(96, 64, 1), 0.5), Error,
                       MessageMatches(ContainsSubstring("frame 1 is not later than")));
  Frame missing;
  missing.index = 7;
  missing.width = 96;
  missing.height = 64;
  CHECK_THROWS_MATCHES(writer.write(missing, 1), Error,
                       MessageMatches(ContainsSubstring("frame 7 has no pixels")));
}

TEST_CASE("odd sizes are padded if the codec requires it") {
  const TemporaryFolder folder;
  VideoWriterOptions options = small("libx264");
  options.width = 97;
  options.height = 63;
  options.quality = 5;
  const std::string path = folder / "a.mp4";
  try {
    make_clip(path, 4, options);
  } catch (const Error&) {
    SKIP("no libx264");
  }
  VideoReader reader(path);
  CHECK(reader.info().width == 98);
  CHECK(reader.info().height == 64);
  const Frame expected = numbered_frame(97, 63, 0);
  const FramePtr frame = reader.next();
  double sum = 0;
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 98; ++x) {
      const std::uint8_t* wanted = expected.row(std::min(y, 62)) + std::min(x, 96) * 3;
      sum += std::abs(frame->row(y)[x * 3 + 1] - wanted[1]);
    }
  }
  CHECK(sum / (98 * 64) < 4);
}

TEST_CASE("quality 0 is lossless if supported") {
  const TemporaryFolder folder;
  VideoWriterOptions options = small("ffv1");
  options.quality = 0;
  VideoReader reader(make_clip(folder / "a.mkv", 3, options));
  for (int i = 0; const FramePtr frame = reader.next(); ++i) {
    CHECK(frame->rgb == numbered_frame(96, 64, i).rgb);
  }
}

TEST_CASE("images") {
  const TemporaryFolder folder;
  const int width = GENERATE(1, 33, 96), height = GENERATE(1, 31);
  const Frame frame = numbered_frame(width, height, 3);
  write_picture(folder / "a.png", frame);
  const FramePtr png = read_picture(folder / "a.png");
  CHECK(png->width == width);
  CHECK(png->height == height);
  CHECK(png->rgb == frame.rgb);
  write_picture(folder / "a.JPG", frame);
  const FramePtr jpeg = read_picture(folder / "a.JPG");
  CHECK(jpeg->width == width);
  CHECK(jpeg->height == height);
  CHECK(difference(*jpeg, frame) < 2.5);
  CHECK(files_in(folder) == 2);
}

TEST_CASE("images that cannot be written") {
  const TemporaryFolder folder;
  const Frame frame = numbered_frame(32, 16, 3);
  const std::string gif = folder / "a.gif";
  CHECK_THROWS_MATCHES(write_picture(gif, frame), Error,
                       Message(gif + ": the extension of an image must be .png or .jpg"));
  const std::string path = folder / "a.png";
  write_picture(path, frame, false);
  CHECK_THROWS_MATCHES(write_picture(path, frame, false), Error,
                       MessageMatches(ContainsSubstring(path + ": already exists")));
  const std::string full = folder / "full.png";
  std::filesystem::create_symlink("/dev/full", full);
  CHECK_THROWS_MATCHES(write_picture(full, frame), Error,
                       Message(full + ": cannot write: No space left on device"));
  CHECK_THROWS_AS(write_picture(folder / "none/a.png", frame), Error);
}
