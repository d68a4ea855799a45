// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which tracks of a shot are kept.

#include "io/records.h"
#include "track/path.h"

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace vremd::track {

enum class Preference {
  kLongest,  // seen in the most frames
  kLargest,  // with the largest boxes on average
  kMiddle,   // on average nearest to the middle of the frame
};
constexpr auto enum_names(Preference) { return std::array{"longest", "largest", "middle"}; }

struct SelectionConfig {
  std::vector<int> tracks = {};  // empty: all
  int min_length = 0;            // frames in which a track is seen
  int max_people = 0;            // in any frame; 0: any number
  Preference prefer = Preference::kLongest;

  bool selects() const { return !tracks.empty() || min_length > 0 || max_people > 0; }
};

// Removes the people who have no track that is kept. For max_people, tracks are kept in the order
// of preference, as long as no frame between the first and the last one of a track has too many.
// `size`: of frames that do not say their own.
void select_tracks(std::span<io::FrameRecord> shot, std::pair<int, int> size,
                   const SelectionConfig& config);

}  // namespace vremd::track
