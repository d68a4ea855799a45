// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "core/frame_range.h"
#include "detect/person_detector.h"
#include "io/done_records.h"
#include "io/records.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vremd::pipeline {

struct DetectInput {
  std::vector<std::string> videos;  // VideoReader paths
  std::string root;                 // prepended to relative paths
  bool stills = false;              // each picture of a folder or pattern is a separate video
  bool fail_fast = false;           // stop at the first unreadable video
  // Frames are skipped if detection is slower than the source (VideoReaderOptions::live). A stop is
  // the end of the video, the loss of its connection is not.
  bool live = false;
  FrameRange range;
  // How many more frames go to a DetectSink, and until which time after the last one, for its
  // neighbours.
  std::int64_t frames_after = 0;
  double seconds_after = 0;
  int every = 1;                   // K: detect on every K-th frame, reuse its boxes in between
  bool find_cuts = true;           // of videos (not stills): mark the first frame of each shot
  std::set<std::int64_t> cuts{};   // the frames to mark instead, of the only video
  io::DoneRecords::Source done{};  // by a stopped run
  int threads = 1;
  std::function<bool()> stopped = [] { return false; };
  std::function<void()> advanced = [] {};  // after each frame
};

// The frame numbers of a text file, one a line; "#" begins a comment. Errors "path:line: what".
std::set<std::int64_t> read_cuts(const std::string& path);

struct DetectCounts {
  int videos = 0;            // opened
  int failed = 0;            // reported and skipped
  std::string failure;       // the message of the first of them
  std::int64_t taken = 0;    // frames that the stopped run had done
  std::int64_t skipped = 0;  // frames of a live source
};

// read (serial) -> detect (parallel) -> write (serial, in order), all videos in one stream, so that
// single pictures also use all threads. At most 2 x threads frames are in memory.
//
// `header`: the fields of the whole run. Every frame gets a record, except those that are skipped;
// `held` ones have the boxes of an earlier frame. A stopped run writes no end record. Exceptions of
// a stage are rethrown.
DetectCounts run_detect_pipeline(const DetectInput& input, const io::Header& header,
                                 const detect::PersonDetector& detector, io::RecordWriter& writer);

// The same for another stage in this process: it takes the records in order, each frame's with its
// frame, and the frames before and after the range without a record.
using DetectSink = std::function<void(std::optional<io::Record> record, FramePtr frame)>;
DetectCounts run_detect_pipeline(const DetectInput& input, const io::Header& header,
                                 const detect::PersonDetector& detector, const DetectSink& sink);

}  // namespace vremd::pipeline
