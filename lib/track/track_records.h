// SPDX-License-Identifier: Apache-2.0
#pragma once

// vremd-track: adds track numbers to records, frame by frame, and in a second pass over each shot
// refines and selects the tracks.

#include "track/refine.h"
#include "track/selection.h"
#include "track/smoothing.h"
#include "track/tracker.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vremd::track {

struct TrackConfig {
  std::vector<std::string> inputs;  // "-" is standard input
  TrackerConfig tracker;
  Smoothing smooth = Smoothing::kNone;  // all but kOneEuro need `refines`
  OneEuroConfig one_euro;
  bool refines = false;
  RefineConfig refine;  // with `smooth` from above
  SelectionConfig selection;

  // Whether frames are kept until their shot is complete.
  bool has_second_pass() const { return refines || selection.selects(); }

  std::function<bool()> stopped;   // polled while waiting for input
  std::function<void()> advanced;  // after each frame
};

struct TrackResult {
  std::int64_t tracks = 0;
  bool complete = true;  // false: an input is truncated; the ones after it were not read
};

// The settings of the tracker, in headers.
Json settings_of(const TrackerConfig& config, const std::optional<JointSet>& joints);

// The header of a video's output; `path` is that of its records.
io::Header track_header(const TrackConfig& config, const io::Header& input, const io::Header& own,
                        const std::string& path);

// Every video starts with new tracks. `own` has tool, version and command. Errors: bad input;
// --smooth with neither times in the frames nor fps in the header.
TrackResult track_records(const TrackConfig& config, const io::Header& own,
                          io::RecordWriter& writer);

}  // namespace vremd::track
