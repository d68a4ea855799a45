// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vremd::video {

// A part of a file, in bytes. end = 0: to its end.
struct FilePart {
  std::int64_t start = 0, end = 0;

  bool whole() const { return start == 0 && end == 0; }
};

// The files that a file consists of if several were joined by cat(1) in a format whose demuxer
// reads only the first ones: Matroska, FLV, IVF, MP4 and QuickTime, AVI. One part, the whole, for
// any other.
std::vector<FilePart> joined_parts(const std::string& path);

}  // namespace vremd::video
