// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "core/geometry.h"
#include "draw/colours.h"
#include "io/output_file.h"

#include <memory>
#include <string>

using cairo_t = struct _cairo;
using cairo_surface_t = struct _cairo_surface;

namespace vremd::draw {

struct Size {
  int width = 0, height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

// A picture to draw on, with anti-aliased shapes and text (Cairo).
//
// Coordinates are Cairo's: (0, 0) is the upper left corner of the upper left pixel. Shapes that are
// not finite are skipped, others clipped. One thread at a time; canvases are independent.
class Canvas {
 public:
  explicit Canvas(Size size, Colour background = kInk);  // Error: too large
  explicit Canvas(const Frame& frame);                   // the frame's own pixels

  Size size() const { return size_; }

  void picture(const Frame& frame, const Box& place);            // scaled into the place
  void line(Point from, Point to, double width, Colour colour);  // round ends
  void disc(Point centre, double radius, Colour colour);
  void panel(const Box& box, double corner, Colour colour);  // filled; corner radius
  void outline(const Box& box, double corner, double width, Colour colour);

  // `text_size` is the height of a line in pixels; `left_middle` the middle of its left end.
  double text_width(const std::string& text, double text_size);
  void text(Point left_middle, const std::string& text, double text_size, Colour colour);

  void store(Frame& frame) const;  // its width, height and rgb
  void write_png(io::OutputFile& out) const;

 private:
  void set_pixels(const Frame& frame);
  void set_font(double text_size);
  void path(const Box& box, double corner);
  void check(const char* action) const;

  struct Deleter {
    void operator()(cairo_t* context) const;
    void operator()(cairo_surface_t* surface) const;
  };
  Size size_;
  std::unique_ptr<cairo_surface_t, Deleter> surface_;
  std::unique_ptr<cairo_t, Deleter> context_;
};

}  // namespace vremd::draw
