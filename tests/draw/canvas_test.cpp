// SPDX-License-Identifier: Apache-2.0
#include "draw/canvas.h"

#include "core/error.h"
#include "draw_support.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <limits>

using namespace vremd;
using namespace vremd::draw;
using namespace vremd::test;

TEST_CASE("a canvas returns the pixels of its frame") {
  const int width = GENERATE(1, 3, 64), height = GENERATE(1, 7);
  const Frame frame = noise_frame(width, height);
  CHECK((pixels_of(Canvas(frame)).rgb == frame.rgb));
}

TEST_CASE("shapes colour only the pixels they cover") {
  Canvas canvas(Size{40, 20}, Colour{0, 0, 0});
  canvas.panel({10, 5, 4, 3}, 0, Colour{1, 0.5, 0});
  canvas.disc({30, 10}, 4, Colour{0, 0, 1});
  canvas.line({2, 18}, {22, 18}, 2, Colour{0, 1, 0});
  const Frame drawn = pixels_of(canvas);
  CHECK(pixel(drawn, 10, 5) == Rgb{255, 128, 0});
  CHECK(pixel(drawn, 13, 7) == Rgb{255, 128, 0});
  CHECK(pixel(drawn, 14, 7) == Rgb{0, 0, 0});
  CHECK(pixel(drawn, 13, 8) == Rgb{0, 0, 0});
  CHECK(pixel(drawn, 30, 10) == Rgb{0, 0, 255});
  CHECK(pixel(drawn, 30, 15) == Rgb{0, 0, 0});
  CHECK(pixel(drawn, 10, 17) == Rgb{0, 255, 0});
  CHECK(pixel(drawn, 10, 18) == Rgb{0, 255, 0});
  CHECK(pixel(drawn, 10, 16) == Rgb{0, 0, 0});
}

TEST_CASE("opacity blends colours") {
  Canvas canvas(Size{4, 4}, Colour{1, 1, 1});
  canvas.panel({0, 0, 4, 4}, 0, Colour{0, 0, 0}.faded(0.25));
  const Rgb mixed = pixel(pixels_of(canvas), 2, 2);
  CHECK(mixed.r >= 190);
  CHECK(mixed.r <= 192);
}

TEST_CASE("an outline does not fill the inside") {
  Canvas canvas(Size{40, 40}, Colour{0, 0, 0});
  canvas.outline({10, 10, 20, 20}, 0, 2, Colour{1, 0, 0});
  const Frame drawn = pixels_of(canvas);
  CHECK(pixel(drawn, 10, 20) == Rgb{255, 0, 0});
  CHECK(pixel(drawn, 20, 29) == Rgb{255, 0, 0});
  CHECK(pixel(drawn, 20, 20) == Rgb{0, 0, 0});
  CHECK(pixel(drawn, 5, 20) == Rgb{0, 0, 0});
}

TEST_CASE("shapes that are not finite or far outside are not drawn") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double bad = GENERATE_COPY(nan, HUGE_VAL, -HUGE_VAL, 1e300, -1e300, 1e7);
  CAPTURE(bad);
  const Frame frame = noise_frame(32, 24);
  Canvas canvas(frame);
  const Colour red{1, 0, 0};
  canvas.disc({bad, 3}, 2, red);
  canvas.disc({3, bad}, 2, red);
  canvas.line({bad, bad}, {bad, bad}, 3, red);
  canvas.line({1, 1}, {5, 5}, -1, red);
  canvas.line({1, 1}, {5, 5}, nan, red);
  canvas.panel({bad, 1, 5, 5}, 1, red);
  canvas.panel({1, 1, nan, 5}, 1, red);
  canvas.panel({1, 1, -3, 5}, 1, red);
  canvas.outline({1, bad, 5, 5}, 1, 2, red);
  canvas.text({bad, 3}, "text", 10, red);
  CHECK((pixels_of(canvas).rgb == frame.rgb));
  canvas.disc({16, 12}, 3, red);  // still works
  CHECK(pixel(pixels_of(canvas), 16, 12) == Rgb{255, 0, 0});
}

TEST_CASE("text is drawn at its position, also if it is not UTF-8") {
  Canvas canvas(Size{200, 40}, Colour{0, 0, 0});
  const double width = canvas.text_width("frame 12", 16);
  CHECK(width > 30);
  CHECK(width < 150);
  canvas.text({20, 20}, "frame 12", 16, Colour{1, 1, 1});
  const Box ink =
      bounds_of_change(pixels_of(Canvas(Size{200, 40}, Colour{0, 0, 0})), pixels_of(canvas));
  CHECK(ink.x >= 18);
  CHECK(ink.x + ink.w <= 20 + width + 2);
  CHECK(std::abs(ink.y + ink.h / 2 - 20) <= 3);
  CHECK_NOTHROW(canvas.text({20, 20}, "caf\xE9 \xED\xA0\x80 \xC3", 16, Colour{1, 1, 1}));
  CHECK_NOTHROW(canvas.text({20, 20}, "café 北", 16, Colour{1, 1, 1}));
}

TEST_CASE("a picture is scaled into its place") {
  Frame frame = noise_frame(8, 8);
  std::fill(frame.rgb.begin(), frame.rgb.end(), std::uint8_t{200});
  Canvas canvas(Size{40, 40}, Colour{0, 0, 0});
  canvas.picture(frame, {10, 10, 20, 20});
  const Frame drawn = pixels_of(canvas);
  CHECK(pixel(drawn, 10, 10) == Rgb{200, 200, 200});
  CHECK(pixel(drawn, 29, 29) == Rgb{200, 200, 200});
  CHECK(pixel(drawn, 30, 20) == Rgb{0, 0, 0});
  CHECK(pixel(drawn, 9, 20) == Rgb{0, 0, 0});

  const Frame noise = noise_frame(9, 5);
  Canvas same(Size{9, 5});
  same.picture(noise, {0, 0, 9, 5});
  CHECK((pixels_of(same).rgb == noise.rgb));
}

TEST_CASE("a canvas too large for Cairo is an error") {
  CHECK_THROWS_AS(Canvas(Size{40000, 10}), Error);
  CHECK_THROWS_AS(Canvas(Size{-1, 10}), Error);
}
