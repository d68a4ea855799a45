// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd {

// A decoded picture: 8-bit RGB, rows without padding, display rotation applied. Shared and
// read-only, since the same bytes serve as key frame and as neighbour.
struct Frame {
  std::int64_t index = 0;           // from 0, presentation order
  std::optional<std::int64_t> pts;  // in the stream's time base
  double time = 0;                  // seconds from the first frame
  int width = 0, height = 0;
  bool damaged = false;           // decoded with errors
  bool missing = false;           // could not be decoded: no pixels
  bool cut = false;               // the first frame of a new shot, if cuts are detected
  std::string file;               // the file name of an image in a folder or pattern
  std::vector<std::uint8_t> rgb;  // height x width x 3

  const std::uint8_t* row(int y) const {
    return rgb.data() + static_cast<std::size_t>(y) * width * 3;
  }
};

using FramePtr = std::shared_ptr<const Frame>;

}  // namespace vremd
