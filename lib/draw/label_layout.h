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

// Where the labels go: at the person's box, within the canvas, on nothing to be kept free (faces,
// other text) and on no other label. A label for which there is no such place is left out. The
// order of the wishes is their rank.
std::vector<std::optional<Box>> place_labels(const std::vector<LabelWish>& wishes,
                                             const std::vector<Box>& keep_free, Size canvas);

// The corner for the frame's label: lower left, unless a face is there.
Box place_corner_label(double width, double height, double margin, const std::vector<Box>& faces,
                       Size canvas);

}  // namespace vremd::draw
