// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/draw_config.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vremd::draw {

struct DrawResult {
  std::int64_t videos = 0, frames = 0;
  bool complete = true;              // every video was drawn, and no input was truncated
  std::vector<std::string> partial;  // temporary names of incomplete outputs
};

// Draws records on the pictures of their videos, without inference. A folder gets a PNG per
// frame or, with several videos, one file per video: NAME.mp4, for a still picture NAME.png.
// Error "place: what"; with several videos, one that fails is reported and the others are drawn.
DrawResult draw_records(const DrawConfig& config);

}  // namespace vremd::draw
