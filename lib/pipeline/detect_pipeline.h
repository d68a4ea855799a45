// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/person_detector.h"
#include "io/records.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace vremd::pipeline {

struct DetectInput {
  std::vector<std::string> videos;  // as VideoReader takes them
  std::string root;                 // directory of relative names
  bool stills = false;              // each picture of a folder or pattern is a video of its own
  bool fail_fast = false;           // the first video that cannot be read is the last
  std::int64_t first_frame = 0, last_frame = INT64_MAX;  // the last one is not included
  int every = 1;  // K: detect on every K-th frame, reuse its boxes in between
  int threads = 1;
  std::function<bool()> stopped = [] { return false; };
  std::function<void()> advanced = [] {};  // after each frame
};

struct DetectCounts {
  int videos = 0;  // that were opened
  int failed = 0;  // reported and skipped
};

// read (serial) -> detect (parallel) -> write (serial, in order), over all videos in one stream,
// so that pictures keep several threads busy, too. At most 2 x threads frames are in memory.
//
// `header` holds what is true for the whole run. Every frame gets a record; `held` ones have the
// boxes of an earlier frame. A stop ends without the end record. What a stage throws comes out of
// here as itself.
DetectCounts run_detect_pipeline(const DetectInput& input, const io::Header& header,
                                 const detect::PersonDetector& detector, io::RecordWriter& writer);

}  // namespace vremd::pipeline
