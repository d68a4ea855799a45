// SPDX-License-Identifier: Apache-2.0
#include "ops/crop.h"

#include "core/error.h"

#include <cmath>
#include <numbers>

namespace vremd::ops {

CropRegion crop_region(const Box& box, const CropSpec& spec) {
  const double aspect = static_cast<double>(spec.width) / spec.height;
  CropRegion region;
  region.centre = box.centre();
  region.w = box.w;
  region.h = box.h;
  if (region.w > aspect * region.h) {
    region.h = region.w / aspect;
  } else {
    region.w = aspect * region.h;
  }
  region.w *= spec.enlarge;
  region.h *= spec.enlarge;
  return region;
}

Affine2x3 frame_to_crop(const CropRegion& region, const CropSpec& spec) {
  // udp counts pixel distances (size - 1), classic counts pixels; classic has one scale.
  const bool udp = spec.geometry == Geometry::kUdp;
  const double scale_x = udp ? (spec.width - 1) / region.w : spec.width / region.w;
  const double scale_y = udp ? (spec.height - 1) / region.h : scale_x;
  const double middle_x = udp ? (spec.width - 1) / 2.0 : spec.width / 2.0;
  const double middle_y = udp ? (spec.height - 1) / 2.0 : spec.height / 2.0;

  // Clockwise on the screen in both geometries (the signs of the sources differ).
  const double angle = region.angle_degrees * std::numbers::pi / 180;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const auto [x, y] = region.centre;
  Affine2x3 map{{scale_x * cosine, -scale_x * sine, 0, scale_y * sine, scale_y * cosine, 0}};
  map.m[2] = middle_x - map.m[0] * x - map.m[1] * y;
  map.m[5] = middle_y - map.m[3] * x - map.m[4] * y;
  if (region.flip) map = Affine2x3{{-1, 0, spec.width - 1.0, 0, 1, 0}}.after(map);
  return map;
}

Affine2x3 heatmap_to_crop(int heatmap_height, int heatmap_width, const CropSpec& spec) {
  if (spec.geometry == Geometry::kClassic) {
    return {{static_cast<double>(spec.width) / heatmap_width, 0, 0, 0,
             static_cast<double>(spec.height) / heatmap_height, 0}};
  }
  if (heatmap_height < 2 || heatmap_width < 2) {
    fail("crop: a {} x {} heatmap has no udp geometry", heatmap_height, heatmap_width);
  }
  return {{(spec.width - 1.0) / (heatmap_width - 1), 0, 0, 0,
           (spec.height - 1.0) / (heatmap_height - 1), 0}};
}

Affine2x3 heatmap_to_frame(const Box& box, int heatmap_height, int heatmap_width,
                           const CropSpec& spec) {
  return frame_to_crop(crop_region(box, spec), spec)
      .inverse()
      .after(heatmap_to_crop(heatmap_height, heatmap_width, spec));
}

}  // namespace vremd::ops
