// SPDX-License-Identifier: Apache-2.0
#include "ops/crop.h"

#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <random>

using namespace vremd;
using namespace vremd::ops;
using Catch::Matchers::WithinAbs;

namespace {

void check_point(Point got, double x, double y, double tolerance = 1e-9) {
  CHECK_THAT(got.x, WithinAbs(x, tolerance));
  CHECK_THAT(got.y, WithinAbs(y, tolerance));
}

CropSpec spec_of(Geometry geometry) {
  CropSpec spec;
  spec.geometry = geometry;
  return spec;
}

}  // namespace

TEST_CASE("a box grows to the crop's aspect and by a quarter", "[data]") {
  const CropSpec spec;
  const CropRegion tall = crop_region({10, 20, 30, 400}, spec);
  check_point(tall.centre, 25, 220);
  CHECK_THAT(tall.w, WithinAbs(300 * 1.25, 1e-9));
  CHECK_THAT(tall.h, WithinAbs(400 * 1.25, 1e-9));
  const CropRegion wide = crop_region({10, 20, 300, 40}, spec);
  CHECK_THAT(wide.w, WithinAbs(300 * 1.25, 1e-9));
  CHECK_THAT(wide.h, WithinAbs(400 * 1.25, 1e-9));
}

TEST_CASE("the centre of the box is the centre of the crop", "[data]") {
  const double angle = GENERATE(-120.0, 0.0, 33.0);
  const bool flip = GENERATE(false, true);
  for (const Geometry geometry : {Geometry::kUdp, Geometry::kClassic}) {
    const CropSpec spec = spec_of(geometry);
    CropRegion region = crop_region({100, 50, 80, 200}, spec);
    region.angle_degrees = angle;
    const double shift = geometry == Geometry::kUdp ? 1 : 0;
    check_point(frame_to_crop(region, spec)(region.centre), (192 - shift) / 2, (256 - shift) / 2);
    region.flip = flip;
    const double middle = (192 - shift) / 2;
    check_point(frame_to_crop(region, spec)(region.centre), flip ? 191 - middle : middle,
                (256 - shift) / 2);
  }
}

TEST_CASE("the corners of the region are mapped by geometry", "[data]") {
  CropRegion region;
  region.centre = {75, 100};
  region.w = 150;
  region.h = 200;
  const Affine2x3 udp = frame_to_crop(region, spec_of(Geometry::kUdp));
  check_point(udp({0, 0}), 0, 0);
  check_point(udp({150, 200}), 191, 255);
  const Affine2x3 classic = frame_to_crop(region, spec_of(Geometry::kClassic));
  check_point(classic({0, 0}), 0, 0);
  check_point(classic({150, 200}), 192, 256);
}

TEST_CASE("the crop's content turns clockwise in both geometries", "[data]") {
  for (const Geometry geometry : {Geometry::kUdp, Geometry::kClassic}) {
    const CropSpec spec = spec_of(geometry);
    CropRegion region = crop_region({0, 0, 75, 100}, spec);
    region.angle_degrees = 90;
    const Affine2x3 map = frame_to_crop(region, spec);
    const Point middle = map(region.centre);
    const Point right = map({region.centre.x + 10, region.centre.y});
    CHECK_THAT(right.x, WithinAbs(middle.x, 1e-9));
    CHECK(right.y > middle.y + 10);  // what was on the right is now below
  }
}

// METHOD 13.1
TEST_CASE("frame to crop and back is the identity", "[data]") {
  std::mt19937 engine(1);
  std::uniform_real_distribution<double> place(-500, 2500), size(2, 2000), turn(-180, 180);
  for (int i = 0; i < 200; ++i) {
    const CropSpec spec = spec_of(i % 2 ? Geometry::kUdp : Geometry::kClassic);
    CropRegion region =
        crop_region({place(engine), place(engine), size(engine), size(engine)}, spec);
    region.angle_degrees = turn(engine);
    region.flip = i % 3 == 0;
    const Affine2x3 map = frame_to_crop(region, spec);
    const Point point{place(engine), place(engine)};
    CAPTURE(i, point.x, point.y);
    check_point(map.inverse()(map(point)), point.x, point.y, 1e-3);
    check_point(map(map.inverse()(point)), point.x, point.y, 1e-3);
  }
}

TEST_CASE("a heatmap is mapped to the crop by geometry", "[data]") {
  check_point(heatmap_to_crop(64, 48, spec_of(Geometry::kClassic))({10, 20}), 40, 80);
  check_point(heatmap_to_crop(64, 48, spec_of(Geometry::kUdp))({47, 63}), 191, 255);
  CHECK_THROWS_AS(heatmap_to_crop(1, 48, spec_of(Geometry::kUdp)), Error);
}

// METHOD 1.3: the inverse from the heatmap, written out for an upright crop.
TEST_CASE("heatmap pixels are mapped to the frame by the sources' formulas", "[data]") {
  const Box box{300, 120, 90, 310};
  const double u = 13.7, v = 41.2;
  {
    const CropSpec spec = spec_of(Geometry::kClassic);
    const CropRegion region = crop_region(box, spec);
    const Point got = frame_to_crop(region, spec).inverse()(heatmap_to_crop(64, 48, spec)({u, v}));
    check_point(got, region.centre.x + (u - 24) * region.w / 48,
                region.centre.y + (v - 32) * region.h / 64);
  }
  {
    const CropSpec spec = spec_of(Geometry::kUdp);
    const CropRegion region = crop_region(box, spec);
    const Point got = frame_to_crop(region, spec).inverse()(heatmap_to_crop(64, 48, spec)({u, v}));
    check_point(got, region.centre.x - region.w / 2 + u * region.w / 47,
                region.centre.y - region.h / 2 + v * region.h / 63);
  }
}
