// SPDX-License-Identifier: Apache-2.0
#include "video/rgb_converter.h"

#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <array>
#include <cstring>

using namespace vremd;
using namespace vremd::video;

namespace {

using Rgb = std::array<int, 3>;

AvFrame new_picture(AVPixelFormat format, int width, int height) {
  AvFrame picture(av_frame_alloc());
  picture->format = format;
  picture->width = width;
  picture->height = height;
  REQUIRE(av_frame_get_buffer(picture.get(), 0) == 0);
  return picture;
}

void fill(AVFrame& picture, int plane, int value) {
  const AVPixFmtDescriptor* format =
      av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format));
  const int shift = plane == 0 ? 0 : format->log2_chroma_h;
  const int rows = (picture.height + (1 << shift) - 1) >> shift;
  std::memset(picture.data[plane], value, static_cast<std::size_t>(picture.linesize[plane]) * rows);
}

// A uniform 8-bit picture.
AvFrame flat_picture(AVPixelFormat format, int width, int height, int y, int u, int v) {
  AvFrame picture = new_picture(format, width, height);
  const int values[3] = {y, u, v};
  for (int plane = 0; plane < 3 && picture->data[plane]; ++plane) {
    fill(*picture, plane, values[plane]);
  }
  return picture;
}

Rgb converted(const AVFrame& picture, bool still = false) {
  RgbConverter converter(still);
  Frame frame;
  converter.convert(picture, {}, "here", frame);
  const std::uint8_t* pixel = frame.row(frame.height - 1) + (frame.width - 1) * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

// 3 x 2: red channel 0 ... 5
AvFrame counting_picture() {
  AvFrame picture = new_picture(AV_PIX_FMT_RGB24, 3, 2);
  for (int i = 0; i < 6; ++i) {
    std::uint8_t* pixel = picture->data[0] + (i / 3) * picture->linesize[0] + (i % 3) * 3;
    pixel[0] = static_cast<std::uint8_t>(i);
    pixel[1] = pixel[2] = 9;
  }
  return picture;
}

std::vector<int> reds(const Frame& frame) {
  std::vector<int> values;
  for (std::size_t i = 0; i < frame.rgb.size(); i += 3) values.push_back(frame.rgb[i]);
  return values;
}

}  // namespace

TEST_CASE("the matrix is determined by the tag, else by the height") {
  // The reds of the two standards differ in green.
  const AvFrame sd = flat_picture(AV_PIX_FMT_YUV420P, 32, 576, 81, 90, 240);
  const AvFrame hd = flat_picture(AV_PIX_FMT_YUV420P, 32, 720, 63, 102, 240);
  CHECK(converted(*sd) == Rgb{254, 0, 0});
  CHECK(converted(*hd) == Rgb{255, 1, 0});
  CHECK(converted(*hd, true) != Rgb{255, 1, 0});  // a still picture is BT.601 at any size
  sd->colorspace = AVCOL_SPC_BT709;
  CHECK(converted(*sd) != Rgb{254, 0, 0});
  sd->colorspace = AVCOL_SPC_SMPTE170M;
  CHECK(converted(*sd) == Rgb{254, 0, 0});
  hd->colorspace = AVCOL_SPC_BT470BG;
  CHECK(converted(*hd) != Rgb{255, 1, 0});
}

TEST_CASE("the range is determined by the tag or the format") {
  const AvFrame limited = flat_picture(AV_PIX_FMT_YUV420P, 17, 9, 235, 128, 128);
  CHECK(converted(*limited) == Rgb{255, 255, 255});
  limited->color_range = AVCOL_RANGE_JPEG;
  CHECK(converted(*limited) == Rgb{235, 235, 235});
  const AvFrame full = flat_picture(AV_PIX_FMT_YUVJ422P, 17, 9, 235, 128, 128);
  CHECK(converted(*full) == Rgb{235, 235, 235});

  const AvFrame gray = flat_picture(AV_PIX_FMT_GRAY8, 17, 9, 126, 0, 0);
  CHECK(converted(*gray) == Rgb{126, 126, 126});
  gray->color_range = AVCOL_RANGE_MPEG;
  CHECK(converted(*gray) == Rgb{128, 128, 128});  // 110 x 255 / 219 = 128.1
}

TEST_CASE("formats that are not plain YUV go through swscale") {
  const AVPixelFormat format = GENERATE(AV_PIX_FMT_NV12, AV_PIX_FMT_UYVY422, AV_PIX_FMT_YUYV422);
  CAPTURE(av_get_pix_fmt_name(format));
  const AvFrame picture = new_picture(format, 33, 16);
  for (int plane = 0; plane < 2 && picture->data[plane]; ++plane) fill(*picture, plane, 128);
  const Rgb rgb = converted(*picture);
  for (const int value : rgb) CHECK(std::abs(value - 130) <= 1);  // 112 x 255 / 219 = 130.4
  picture->color_range = AVCOL_RANGE_JPEG;
  for (const int value : converted(*picture)) CHECK(std::abs(value - 128) <= 1);
}

TEST_CASE("sizes and formats change from picture to picture") {
  RgbConverter converter(false);
  Frame frame;
  for (const int width : {31, 64, 31}) {
    for (const AVPixelFormat format :
         {AV_PIX_FMT_YUV420P, AV_PIX_FMT_NV12, AV_PIX_FMT_YUV444P, AV_PIX_FMT_GRAY8}) {
      const AvFrame picture = flat_picture(format, width, 15, 128, 128, 128);
      converter.convert(*picture, {}, "here", frame);
      CHECK(frame.width == width);
      CHECK(frame.height == 15);
      REQUIRE(frame.rgb.size() == static_cast<std::size_t>(width) * 15 * 3);
      CHECK(std::abs(frame.rgb.back() - 129) <= 2);
    }
  }
}

TEST_CASE("the eight orientations") {
  const AvFrame picture = counting_picture();
  RgbConverter converter(false);
  const std::int32_t one = 1 << 16;
  struct Case {
    std::int32_t a, b, c, d;  // x' = a x + c y, y' = b x + d y
    int width;
    std::vector<int> expected;
  };
  const std::vector<Case> cases{
      {one, 0, 0, one, 3, {0, 1, 2, 3, 4, 5}},  {-one, 0, 0, one, 3, {2, 1, 0, 5, 4, 3}},
      {one, 0, 0, -one, 3, {3, 4, 5, 0, 1, 2}}, {-one, 0, 0, -one, 3, {5, 4, 3, 2, 1, 0}},
      {0, one, one, 0, 2, {0, 3, 1, 4, 2, 5}},  {0, one, -one, 0, 2, {3, 0, 4, 1, 5, 2}},
      {0, -one, one, 0, 2, {2, 5, 1, 4, 0, 3}}, {0, -one, -one, 0, 2, {5, 2, 4, 1, 3, 0}}};
  for (const Case& c : cases) {
    CAPTURE(c.a, c.b, c.c, c.d);
    const std::int32_t matrix[9] = {c.a, c.b, 0, c.c, c.d, 0, 0, 0, 1 << 30};
    Frame frame;
    converter.convert(*picture, orientation_of(matrix), "here", frame);
    CHECK(frame.width == c.width);
    CHECK(frame.height == 6 / c.width);
    CHECK(reds(frame) == c.expected);
  }
  CHECK(orientation_of(nullptr).upright());
}

TEST_CASE("a large picture is rotated like a small one") {
  const AvFrame picture = new_picture(AV_PIX_FMT_RGB24, 101, 67);
  for (int y = 0; y < 67; ++y) {
    for (int x = 0; x < 101; ++x) {
      std::uint8_t* pixel = picture->data[0] + y * picture->linesize[0] + x * 3;
      pixel[0] = static_cast<std::uint8_t>(x);
      pixel[1] = static_cast<std::uint8_t>(y);
      pixel[2] = 7;
    }
  }
  RgbConverter converter(false);
  Frame frame;
  converter.convert(*picture, {true, true, false}, "here", frame);  // a quarter turn clockwise
  REQUIRE(frame.width == 67);
  REQUIRE(frame.height == 101);
  bool same = true;
  for (int y = 0; y < 101; ++y) {
    for (int x = 0; x < 67; ++x) {
      const std::uint8_t* pixel = frame.row(y) + x * 3;
      same = same && pixel[0] == y && pixel[1] == 66 - x && pixel[2] == 7;
    }
  }
  CHECK(same);
}

TEST_CASE("an unsupported format is an error") {
  RgbConverter converter(false);
  Frame frame;
  const AvFrame picture(av_frame_alloc());
  picture->format = AV_PIX_FMT_VAAPI;
  picture->width = picture->height = 16;
  CHECK_THROWS_MATCHES(converter.convert(*picture, {}, "a.mp4", frame), Error,
                       Catch::Matchers::Message("a.mp4: cannot convert pixel format vaapi"));
}
