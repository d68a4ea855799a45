// SPDX-License-Identifier: Apache-2.0
#pragma once

// vremd-track: records in, the same records with track numbers out, frame by frame.

#include "track/smoothing.h"
#include "track/tracker.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace vremd {

struct TrackConfig {
  std::vector<std::string> inputs;
  std::string output = "-";
  bool force = false;
  TrackerConfig tracker;
  std::string smooth = "none";  // or one-euro
  OneEuroConfig one_euro;
  std::function<bool()> stopped;   // asked while waiting for input
  std::function<void()> advanced;  // after each frame
};

struct TrackResult {
  std::int64_t frames = 0, people = 0, tracks = 0;
  bool complete = true;  // false: stopped, or an input without its end record
  std::string partial;   // where a stopped run left its lines; "" for standard output
};

// Every video begins with new tracks. `own` has tool, version and command. Errors: bad input;
// --smooth where neither frames nor header tell the time.
TrackResult track_records(const TrackConfig& config, const Header& own);

}  // namespace vremd
