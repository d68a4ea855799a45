// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"

#include <cstdint>
#include <vector>

namespace vremd::draw {

// Gives each person a colour number (colours.h) that stays the same from frame to frame.
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
