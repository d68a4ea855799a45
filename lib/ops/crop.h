// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geometry.h"

#include <array>

namespace vremd::ops {

enum class Geometry { kUdp, kClassic };  // METHOD 1.3
constexpr auto enum_names(Geometry) { return std::array{"udp", "classic"}; }

// A person's crop: box -> aspect of the input -> enlarged -> affine map (METHOD 1.1, 1.3).
struct CropSpec {
  int height = 256, width = 192;  // of the crop, pixels
  double enlarge = 1.25;          // factor on each side of the box
  Geometry geometry = Geometry::kUdp;
};

// The cropped region after aspect correction and enlargement.
struct CropRegion {
  Point centre;
  double w = 0, h = 0;       // frame pixels
  double angle_degrees = 0;  // rotation of the content, clockwise on the screen
  bool flip = false;         // mirrors the crop at last (x -> width - 1 - x)
};

CropRegion crop_region(const Box& box, const CropSpec& spec);

// Frame pixels -> crop pixels; singular for an empty box, which callers must reject.
Affine2x3 frame_to_crop(const CropRegion& region, const CropSpec& spec);

// Heatmap pixels -> crop pixels: stride 4 (classic) or (size - 1) / (heatmap - 1) (udp).
Affine2x3 heatmap_to_crop(int heatmap_height, int heatmap_width, const CropSpec& spec);

// Heatmap pixels -> frame pixels, for the crop of a person's box.
Affine2x3 heatmap_to_frame(const Box& box, int heatmap_height, int heatmap_width,
                           const CropSpec& spec);

}  // namespace vremd::ops
