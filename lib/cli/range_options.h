// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame_range.h"
#include "io/json.h"

#include <optional>
#include <string>
#include <string_view>

namespace vremd::cli {

class Tool;

// --frames, --start and --end.
struct RangeOptions {
  std::string frames, start, end;

  void add_to(Tool& tool);
  bool given() const { return !frames.empty() || !start.empty() || !end.empty(); }
  FrameRange range() const;                 // UsageErrors
  std::string text() const;                 // "--start 90 --end 1:40", for messages
  void add_settings(Json& settings) const;  // of a header; times in seconds
};

// Seconds of "90", "90.5", "1:30", "1:30.5" or "0:01:30"; nothing if it is something else.
std::optional<double> parse_time(std::string_view text);

}  // namespace vremd::cli
