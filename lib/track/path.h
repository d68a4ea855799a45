// SPDX-License-Identifier: Apache-2.0
#pragma once

// A track within a shot, for what looks at all of it.

#include "io/records.h"

#include <cstdint>
#include <span>
#include <vector>

namespace vremd::track {

struct Path {
  std::int64_t track = 0;
  std::size_t first = 0;              // its first frame: an index into the shot
  std::vector<io::Instance*> people;  // from that to its last frame; null: not seen

  std::size_t end() const { return first + people.size(); }
  std::int64_t seen() const;  // frames
};

// By track. Invalid once people are added to a frame or removed.
std::vector<Path> paths_of(std::span<io::FrameRecord> shot);

}  // namespace vremd::track
