// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/record_stream.h"
#include "pipeline/chunk.h"
#include "pipeline/done_records.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::pipeline {

struct PoseInput {
  std::vector<std::string> records;  // files; "-" is standard input
  std::string video;                 // instead of the one that the header names
  std::string root;                  // directory of relative names of videos
  std::string resume_from;           // output of a stopped run to resume; "": none
  std::int64_t first_frame = 0, last_frame = INT64_MAX;  // the last one is not included
  bool with_neighbours = true;                           // false: the model uses the key frame only
  data::TripletOptions neighbours;
  std::function<bool()> stopped = [] { return false; };

  // A chunk is closed as soon as it holds so many.
  int chunk_persons = 8, chunk_frames = 8;
};

// Reads records and the frames that they need, as chunks. Not for several threads at once.
//
// It never waits for more of the input than the chunk needs, and decodes no further than the
// frame after the last one with people. Instances whose box cannot be cropped, or whose frame
// cannot be decoded, keep their place: all their keypoints have the score 0. Nothing follows a
// truncated input, as its video has no end record (unless the range of frames ended before).
class PoseReader {
 public:
  struct Counts {
    std::int64_t videos = 0;         // headers
    std::int64_t failed_videos = 0;  // of them, reported and skipped
    std::int64_t uncropped = 0;      // instances whose box cannot be cropped
    std::int64_t undecoded = 0;      // instances in frames that cannot be decoded
    std::int64_t substituted = 0;    // neighbours in the video that their key frame stood in for
    std::int64_t resumed = 0;        // frames taken from the output of a stopped run
  };

  // `own` holds what is true for the whole run; the rest of each header comes from its input.
  PoseReader(PoseInput input, io::Header own);
  ~PoseReader();

  std::unique_ptr<FrameChunk> next();  // null: the end of the input, or a stop
  void cancel() { records_.cancel(); }

  bool truncated() const { return records_.truncated(); }
  const Counts& counts() const { return counts_; }

 private:
  struct Video;

  void begin(const io::Header& header, FrameChunk& chunk);
  bool add(io::FrameRecord frame, FrameChunk& chunk);
  bool end(FrameChunk& chunk);
  void open_video(const io::Header& header);
  [[noreturn]] void fail_short(std::int64_t frame) const;

  PoseInput input_;
  io::Header own_;
  io::RecordStream records_;
  std::optional<DoneRecords> done_;
  std::unique_ptr<Video> video_;  // null: the records of this one are skipped
  bool in_video_ = false;
  bool range_done_ = false;        // no frame of this video's records is wanted any more
  std::int64_t last_record_ = -1;  // frame of the last record that was passed on
  Counts counts_;
};

}  // namespace vremd::pipeline
