// SPDX-License-Identifier: Apache-2.0
#include "draw/colours.h"

#include <array>

namespace vremd::draw {
namespace {

// Found by maximising the smallest distance; ordered so that neighbours differ most.
constexpr std::array<std::uint32_t, kPersonColours> kPersons = {
    0x00FFF1, 0xFF21A3, 0xAAFF0D, 0x8A75FF, 0xD9D977, 0xFC431B, 0x4FC1FF, 0xFF8D94};

constexpr Colour kWhite{1, 1, 1, 1};
constexpr Colour kBlack{0, 0, 0, 1};

int wrapped(int person, int count) { return (person % count + count) % count; }

}  // namespace

Colour side_colour(Side side, int person) {
  const Colour base = side == Side::kLeft    ? Colour::of_hex(0xFF8C1A)
                      : side == Side::kRight ? Colour::of_hex(0x33B5FF)
                                             : kPaper;
  switch (wrapped(person, 3)) {
    case 1: return base.towards(kWhite, 0.35);
    case 2: return base.towards(kBlack, 0.18);
    default: return base;
  }
}

Colour person_colour(int person) {
  return Colour::of_hex(kPersons[wrapped(person, kPersonColours)]);
}

}  // namespace vremd::draw
