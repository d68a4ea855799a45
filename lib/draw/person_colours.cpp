// SPDX-License-Identifier: Apache-2.0
#include "draw/person_colours.h"

#include <algorithm>

namespace vremd::draw {
namespace {

constexpr double kMinOverlap = 0.3;
constexpr std::int64_t kForgottenAfter = 15;  // frames without the person
constexpr int kPeriod = 24;                   // 8 colours, 3 shades

}  // namespace

std::vector<int> PersonColours::next(const io::FrameRecord& record) {
  const auto& people = record.instances;
  std::vector<int> colours(people.size(), -1);
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (!people[i].track) continue;
    colours[i] = static_cast<int>((*people[i].track % kPeriod + kPeriod) % kPeriod);
  }

  struct Pair {
    double overlap;
    std::size_t person, seen;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < people.size(); ++i) {
    for (std::size_t s = 0; s < seen_.size() && colours[i] < 0; ++s) {
      const double overlap = iou(people[i].box, seen_[s].box);
      if (overlap >= kMinOverlap) pairs.push_back({overlap, i, s});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.overlap > b.overlap; });
  std::vector<bool> taken(seen_.size(), false);
  for (const Pair& pair : pairs) {
    if (colours[pair.person] >= 0 || taken[pair.seen]) continue;
    colours[pair.person] = seen_[pair.seen].colour;
    seen_[pair.seen].box = people[pair.person].box;
    seen_[pair.seen].frame = record.frame;
    taken[pair.seen] = true;
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
