// SPDX-License-Identifier: Apache-2.0
#include "draw/canvas.h"

#include "core/error.h"
#include "core/text.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <numbers>

namespace vremd::draw {
namespace {

// Cairo uses 24.8 fixed point; nothing this far outside is visible.
constexpr double kFar = 1e5;

double near(double value) { return std::clamp(value, -kFar, kFar); }
bool finite(Point p) { return std::isfinite(p.x) && std::isfinite(p.y); }

// Cairo rejects invalid UTF-8, which names of files may contain: such bytes become '?'.
std::string printable(const std::string& text) {
  std::string result = text;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(std::string_view(text).substr(i));
    const bool valid = length > 0 && static_cast<unsigned char>(text[i]) >= 0x20;
    if (!valid) result[i] = '?';
    i += valid ? length : 1;
  }
  return result;
}

void set_colour(cairo_t* context, Colour c) { cairo_set_source_rgba(context, c.r, c.g, c.b, c.a); }

// The row's pixels, 0x00RRGGBB.
std::uint32_t* pixels_of(cairo_surface_t* surface, int row) {
  const std::ptrdiff_t stride = cairo_image_surface_get_stride(surface);
  return reinterpret_cast<std::uint32_t*>(cairo_image_surface_get_data(surface) + row * stride);
}

}  // namespace

void Canvas::Deleter::operator()(cairo_t* context) const { cairo_destroy(context); }
void Canvas::Deleter::operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }

Canvas::Canvas(Size size, Colour background)
    : size_(size),
      surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, size.width, size.height)),
      context_(cairo_create(surface_.get())) {
  check("canvas");
  cairo_set_line_cap(context_.get(), CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(context_.get(), CAIRO_LINE_JOIN_ROUND);
  set_colour(context_.get(), background);
  cairo_paint(context_.get());
}

Canvas::Canvas(const Frame& frame) : Canvas(Size{frame.width, frame.height}) { set_pixels(frame); }

void Canvas::check(const char* action) const {
  const cairo_status_t status = cairo_status(context_.get());
  if (status == CAIRO_STATUS_SUCCESS) return;
  fail("{}: {} x {} pixels: {}", action, size_.width, size_.height, cairo_status_to_string(status));
}

void Canvas::set_pixels(const Frame& frame) {
  cairo_surface_flush(surface_.get());
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* rgb = frame.row(y);
    std::uint32_t* pixels = pixels_of(surface_.get(), y);
    for (int x = 0; x < frame.width; ++x, rgb += 3) {
      pixels[x] = std::uint32_t{rgb[0]} << 16 | std::uint32_t{rgb[1]} << 8 | rgb[2];
    }
  }
  cairo_surface_mark_dirty(surface_.get());
}

void Canvas::store(Frame& frame) const {
  cairo_surface_flush(surface_.get());
  frame.width = size_.width;
  frame.height = size_.height;
  frame.rgb.resize(static_cast<std::size_t>(size_.width) * size_.height * 3);
  std::uint8_t* rgb = frame.rgb.data();
  for (int y = 0; y < size_.height; ++y) {
    const std::uint32_t* pixels = pixels_of(surface_.get(), y);
    for (int x = 0; x < size_.width; ++x) {
      for (const int shift : {16, 8, 0}) *rgb++ = static_cast<std::uint8_t>(pixels[x] >> shift);
    }
  }
}

void Canvas::picture(const Frame& frame, const Box& place) {
  if (!place.finite() || place.area() <= 0 || frame.rgb.empty()) return;
  const Canvas source(frame);
  cairo_t* context = context_.get();
  cairo_save(context);
  cairo_rectangle(context, near(place.x), near(place.y), near(place.w), near(place.h));
  cairo_clip(context);
  cairo_translate(context, near(place.x), near(place.y));
  cairo_scale(context, place.w / frame.width, place.h / frame.height);
  cairo_set_source_surface(context, source.surface_.get(), 0, 0);
  cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_GOOD);
  cairo_paint(context);
  cairo_restore(context);
  check("canvas: picture");
}

void Canvas::line(Point from, Point to, double width, Colour colour) {
  if (!finite(from) || !finite(to) || !(width > 0)) return;
  set_colour(context_.get(), colour);
  cairo_set_line_width(context_.get(), width);
  cairo_move_to(context_.get(), near(from.x), near(from.y));
  cairo_line_to(context_.get(), near(to.x), near(to.y));
  cairo_stroke(context_.get());
}

void Canvas::disc(Point centre, double radius, Colour colour) {
  if (!finite(centre) || !(radius > 0)) return;
  set_colour(context_.get(), colour);
  cairo_new_path(context_.get());
  cairo_arc(context_.get(), near(centre.x), near(centre.y), near(radius), 0, 2 * std::numbers::pi);
  cairo_fill(context_.get());
}

void Canvas::path(const Box& box, double corner) {
  const double left = near(box.x), top = near(box.y);
  const double right = near(box.x + box.w), bottom = near(box.y + box.h);
  const double r = std::clamp(corner, 0.0, std::min(right - left, bottom - top) / 2);
  constexpr double kQuarter = std::numbers::pi / 2;
  cairo_t* context = context_.get();
  cairo_new_path(context);
  cairo_arc(context, right - r, top + r, r, -kQuarter, 0);
  cairo_arc(context, right - r, bottom - r, r, 0, kQuarter);
  cairo_arc(context, left + r, bottom - r, r, kQuarter, 2 * kQuarter);
  cairo_arc(context, left + r, top + r, r, 2 * kQuarter, 3 * kQuarter);
  cairo_close_path(context);
}

void Canvas::panel(const Box& box, double corner, Colour colour) {
  if (!box.finite() || box.area() <= 0) return;
  path(box, corner);
  set_colour(context_.get(), colour);
  cairo_fill(context_.get());
}

void Canvas::outline(const Box& box, double corner, double width, Colour colour) {
  if (!box.finite() || box.area() <= 0 || !(width > 0)) return;
  path(box, corner);
  set_colour(context_.get(), colour);
  cairo_set_line_width(context_.get(), width);
  cairo_stroke(context_.get());
}

void Canvas::set_font(double text_size) {
  cairo_t* context = context_.get();
  cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
  cairo_set_font_size(context, text_size);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);  // no colour fringes in videos
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(context, options);
  cairo_font_options_destroy(options);
}

double Canvas::text_width(const std::string& text, double text_size) {
  set_font(text_size);
  cairo_text_extents_t extents;
  cairo_text_extents(context_.get(), printable(text).c_str(), &extents);
  check("canvas: text");
  return extents.x_advance;
}

void Canvas::text(Point left_middle, const std::string& text, double text_size, Colour colour) {
  if (!finite(left_middle) || !(text_size > 0)) return;
  set_font(text_size);
  // Centred on the digits for any text, so that lines of one size share their baseline.
  cairo_text_extents_t digit;
  cairo_text_extents(context_.get(), "0", &digit);
  set_colour(context_.get(), colour);
  cairo_move_to(context_.get(), near(left_middle.x),
                near(left_middle.y) - digit.y_bearing - digit.height / 2);
  cairo_show_text(context_.get(), printable(text).c_str());
  cairo_new_path(context_.get());
  check("canvas: text");
}

void Canvas::write_png(io::OutputFile& out) const {
  struct Sink {
    io::OutputFile& out;
    std::exception_ptr error;  // must not propagate through Cairo's C code
  } sink{out, nullptr};
  const cairo_status_t status = cairo_surface_write_to_png_stream(
      surface_.get(),
      [](void* closure, const unsigned char* bytes, unsigned int count) {
        auto& to = *static_cast<Sink*>(closure);
        try {
          to.out.write({reinterpret_cast<const char*>(bytes), count});
          return CAIRO_STATUS_SUCCESS;
        } catch (...) {
          to.error = std::current_exception();
          return CAIRO_STATUS_WRITE_ERROR;
        }
      },
      &sink);
  if (sink.error) std::rethrow_exception(sink.error);
  if (status != CAIRO_STATUS_SUCCESS) fail("canvas: PNG: {}", cairo_status_to_string(status));
}

}  // namespace vremd::draw
