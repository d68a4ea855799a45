// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"

#include <cstdint>
#include <vector>

namespace vremd::draw {

// sRGB and opacity, each 0...1.
struct Colour {
  double r = 0, g = 0, b = 0, a = 1;

  static constexpr Colour of_hex(std::uint32_t rgb) {
    return {(rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0, 1};
  }
  constexpr Colour faded(double opacity) const { return {r, g, b, a * opacity}; }
  constexpr Colour towards(Colour other, double part) const {
    return {r + part * (other.r - r), g + part * (other.g - g), b + part * (other.b - b), a};
  }
  constexpr double luma() const { return 0.2126 * r + 0.7152 * g + 0.0722 * b; }
};

constexpr Colour kInk = Colour::of_hex(0x10141A);    // outlines, text on colour
constexpr Colour kPaper = Colour::of_hex(0xF5F5F0);  // text on dark

// The person's own left and right.
enum class Side { kMiddle, kLeft, kRight };

// Orange, blue and near-white, distinguishable with any colour vision; the lightness varies a
// little between people.
Colour side_colour(Side side, int person);

// The colour of a person's box and label, a cycle of eight. Any two are at least 20 apart in CIE
// Lab, also with protanopia and deuteranopia (draw/colours_test).
constexpr int kPersonColours = 8;
Colour person_colour(int person);

// Gives each person a colour number that stays the same from frame to frame.
//
// The number is the track id. Without one, a person takes the number of the box of an earlier frame
// with the largest overlap, so that colours do not flicker; only colours depend on it.
class PersonColours {
 public:
  std::vector<int> next(const io::FrameRecord& record);  // one per instance; frames in order

 private:
  struct Seen {
    Box box;
    int colour;
    std::int64_t frame;
  };
  std::vector<Seen> seen_;
  int unused_ = 0;
};

}  // namespace vremd::draw
