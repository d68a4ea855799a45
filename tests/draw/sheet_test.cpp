// SPDX-License-Identifier: Apache-2.0
#include "draw/sheet.h"

#include "draw/drawing.h"
#include "draw_support.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace vremd;
using namespace vremd::draw;
using namespace vremd::test;

using Indices = std::vector<std::size_t>;

TEST_CASE("frames with people are chosen evenly") {
  CHECK(choose_frames({1, 1, 1, 1, 1, 1, 1, 1, 1}, 3) == Indices{1, 4, 7});
  CHECK(choose_frames({0, 0, 2, 0, 1, 1, 0, 3}, 4) == Indices{2, 4, 5, 7});
  CHECK(choose_frames({0, 0, 2, 0, 1, 1, 0, 3}, 2) == Indices{4, 7});
  CHECK(choose_frames({0, 1, 0}, 12) == Indices{1});
  CHECK(choose_frames({0, 0, 0, 0}, 2) == Indices{1, 3});
  CHECK(choose_frames({}, 12).empty());
}

TEST_CASE("the grid depends on count and aspect") {
  const SheetLayout wide = sheet_grid(12, 16.0 / 9), tall = sheet_grid(12, 9.0 / 16);
  CHECK(wide.columns == 3);
  CHECK(wide.rows == 4);
  CHECK(tall.columns == 6);
  CHECK(tall.rows == 2);
  CHECK(sheet_grid(1, 1.5).columns == 1);
  const std::size_t count = GENERATE(1, 2, 3, 5, 7, 11, 13, 30);
  const double aspect = GENERATE(0.2, 1.0, 4.0);
  const SheetLayout layout = sheet_grid(count, aspect);
  CHECK(static_cast<std::size_t>(layout.columns * layout.rows) >= count);
  CHECK(static_cast<std::size_t>(layout.columns * (layout.rows - 1)) < count);
}

TEST_CASE("a sheet stays within its bounds, its tiles apart and inside") {
  const std::size_t count = GENERATE(1, 5, 12);
  const SheetLayout layout = sheet_layout(count, {640, 480}, {1200, 900});
  CHECK(layout.size().width <= 1200);
  CHECK(layout.size().height <= 900);
  CHECK((layout.size().width > 1100 || layout.size().height > 800 || layout.tile.width == 640));
  for (std::size_t i = 0; i < count; ++i) {
    const Box a = layout.place(i);
    CHECK(a.x + a.w + layout.gap <= layout.size().width);
    CHECK(a.y + a.h + layout.gap <= layout.size().height);
    for (std::size_t k = 0; k < i; ++k) CHECK(intersection(a, layout.place(k)) == 0);
  }
}

TEST_CASE("gaps are narrow without bounds") {
  const SheetLayout layout = sheet_layout(12, {100, 75}, {32767, 32767});
  CHECK(layout.tile == Size{100, 75});
  CHECK(layout.gap < 5);
}

TEST_CASE("each tile is in its place") {
  SheetLayout layout;
  layout.columns = 2;
  layout.rows = 2;
  layout.gap = 4;
  layout.tile = {20, 10};
  const Frame sheet = pixels_of(make_sheet(
      {plain_frame(20, 10, 50), plain_frame(20, 10, 100), plain_frame(10, 10, 150)}, layout));
  CHECK(sheet.width == 52);
  CHECK(sheet.height == 32);
  CHECK(pixel(sheet, 10, 8) == Rgb{50, 50, 50});
  CHECK(pixel(sheet, 40, 8) == Rgb{100, 100, 100});
  CHECK(pixel(sheet, 8, 20) == rgb_of(kInk));  // smaller than its tile: centred
  CHECK(pixel(sheet, 9, 20) == Rgb{150, 150, 150});
  CHECK(pixel(sheet, 18, 20) == Rgb{150, 150, 150});
  CHECK(pixel(sheet, 19, 20) == rgb_of(kInk));
  CHECK(pixel(sheet, 40, 20) == rgb_of(kInk));
  CHECK(pixel(sheet, 1, 1) == rgb_of(kInk));
}

TEST_CASE("sizes are parsed and applied") {
  CHECK(SizeRule::parse("")->of({640, 480}) == Size{640, 480});
  CHECK(SizeRule::parse("0.5")->of({641, 480}) == Size{321, 240});
  CHECK(SizeRule::parse("2")->of({640, 480}) == Size{1280, 960});
  CHECK(SizeRule::parse("1920x1080")->of({640, 480}) == Size{1440, 1080});
  CHECK(SizeRule::parse("320x320")->of({640, 480}) == Size{320, 240});
  for (const char* wrong : {"x", "-1", "0", "nan", "640x", "x480", "640x480x3", "0x480", "-640x480",
                            "640X480", "a", "1e9", "99999x99999", "2 "}) {
    CAPTURE(wrong);
    CHECK_FALSE(SizeRule::parse(wrong));
  }
}

TEST_CASE("the name of the output determines its kind") {
  CHECK(output_kind("a.mp4") == OutputKind::kVideo);
  CHECK(output_kind("b/a.MKV") == OutputKind::kVideo);
  CHECK(output_kind("a.png") == OutputKind::kPicture);
  CHECK(output_kind("a.JPG") == OutputKind::kPicture);
  CHECK(output_kind("-") == OutputKind::kPicture);
  CHECK(output_kind("frames/") == OutputKind::kFolder);
  CHECK(output_kind("frames") == OutputKind::kFolder);
  CHECK(output_kind("/tmp") == OutputKind::kFolder);
  CHECK(output_kind("a.b/") == OutputKind::kFolder);
}
