// SPDX-License-Identifier: Apache-2.0
#include "draw/colours.h"

#include "core/assignment.h"

#include <array>

namespace vremd::draw {
namespace {

// Found by maximising the smallest distance; ordered so that neighbours differ most.
constexpr std::array<std::uint32_t, kPersonColours> kPersons = {
    0x00FFF1, 0xFF21A3, 0xAAFF0D, 0x8A75FF, 0xD9D977, 0xFC431B, 0x4FC1FF, 0xFF8D94};

constexpr Colour kWhite{1, 1, 1, 1};
constexpr Colour kBlack{0, 0, 0, 1};

constexpr double kMinOverlap = 0.3;
constexpr std::int64_t kForgottenAfter = 15;  // frames without the person
constexpr int kPeriod = 24;                   // 8 colours, 3 shades

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

std::vector<int> PersonColours::next(const io::FrameRecord& record) {
  const auto& people = record.instances;
  std::vector<int> colours(people.size(), -1);
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (!people[i].track) continue;
    colours[i] = static_cast<int>((*people[i].track % kPeriod + kPeriod) % kPeriod);
  }

  const auto overlap = [&](std::size_t i, std::size_t s) {
    return colours[i] < 0 ? iou(people[i].box, seen_[s].box) : 0;
  };
  for (const auto& [i, s] : assign_greedily(people.size(), seen_.size(), kMinOverlap, overlap)) {
    colours[i] = seen_[s].colour;
    seen_[s].box = people[i].box;
    seen_[s].frame = record.frame;
  }

  std::erase_if(seen_, [&](const Seen& one) { return record.frame - one.frame > kForgottenAfter; });
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (colours[i] >= 0) continue;
    colours[i] = unused_++ % kPeriod;
    seen_.push_back({people[i].box, colours[i], record.frame});
  }
  return colours;
}

}  // namespace vremd::draw
