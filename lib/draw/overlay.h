// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/canvas.h"
#include "io/records.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vremd::draw {

// Uncertain joints and limbs are drawn thinner and fainter.
struct OverlayStyle {
  double min_score = 0;          // people below are skipped
  double min_joint_score = 0.2;  // joints below are skipped, with their limbs
  bool labels = true;            // track and score of each person
};

// From the pixels of a record to those of a canvas: the frame is scaled to fit and centred.
struct View {
  double scale_x = 1, scale_y = 1, left = 0, top = 0;

  // `pixel_aspect`: width of a pixel of the frame by its height; those of the canvas are square.
  static View fitting(Size frame, Size canvas, double pixel_aspect = 1);
  Point operator()(Point p) const {  // a record's (0, 0) is the centre of the first pixel
    return {(p.x + 0.5) * scale_x + left, (p.y + 0.5) * scale_y + top};
  }
  Box operator()(const Box& b) const {
    const Point corner = (*this)(Point{b.x, b.y});
    return {corner.x, corner.y, b.w * scale_x, b.h * scale_y};
  }
};

// Width of a limb. It scales with both the person and the picture, so that it suits small and large
// people. All sizes in canvas pixels.
double limb_width(double person_size, Size canvas);

// The people of one frame: boxes, then skeletons from back to front (by the lower edge of the box),
// then their labels (track and score); `label` in a corner, lower left unless it contains a face.
//
// `joints` may be null (boxes only); `colours` has one number per instance (colours.h).
void draw_overlay(Canvas& canvas, const io::FrameRecord& record, const JointSet* joints,
                  std::span<const int> colours, const View& view, const OverlayStyle& style,
                  const std::string& label);

// One person's label, all in canvas pixels.
struct LabelWish {
  Box person;
  double width = 0, height = 0;  // of the label
};

// Places labels at the person's box, within the canvas, overlapping neither each other nor
// `keep_free` (faces, other text); nothing if impossible. Earlier positions are preferred.
std::vector<std::optional<Box>> place_labels(const std::vector<LabelWish>& wishes,
                                             const std::vector<Box>& keep_free, Size canvas);

// The corner for the frame's label: lower left, unless it contains a face.
Box place_corner_label(double width, double height, double margin, const std::vector<Box>& faces,
                       Size canvas);

// A grey picture with the word "missing", the label in its corner.
void draw_missing(Canvas& canvas, const std::string& label);

// "frame 12  0:01.20": a frame's number and time.
std::string frame_label(const Frame& frame);

}  // namespace vremd::draw
