// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geometry.h"
#include "draw/canvas.h"

#include <optional>
#include <vector>

namespace vremd::draw {

// One person's label, all in canvas pixels.
struct LabelWish {
  Box person;
  double width = 0, height = 0;  // of the label
};

// Places labels at the person's box, within the canvas, overlapping neither each other nor
// `keep_free` (faces, other text); nothing if impossible. Earlier wishes take precedence.
std::vector<std::optional<Box>> place_labels(const std::vector<LabelWish>& wishes,
                                             const std::vector<Box>& keep_free, Size canvas);

// The corner for the frame's label: lower left, unless it contains a face.
Box place_corner_label(double width, double height, double margin, const std::vector<Box>& faces,
                       Size canvas);

}  // namespace vremd::draw
