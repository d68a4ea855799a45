// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/chunk.h"
#include "pipeline/done_records.h"
#include "video/reader.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd {

struct PoseInput {
  std::vector<std::string> records;  // files; "-" is standard input
  std::string video;                 // instead of the one that the header names
  std::string root;                  // folder in front of relative names of videos
  std::string resume_from;           // output of a stopped run to go on with; "": none
  std::int64_t first_frame = 0, last_frame = INT64_MAX;  // the last one is not included
  bool with_neighbours = true;       // false: the model looks at the key frame alone
  TripletOptions neighbours;
  int decoder_threads = 1;
  std::function<bool()> stopped = [] { return false; };

  // A chunk is closed as soon as it holds so many.
  int chunk_persons = 8, chunk_frames = 8;
};

// Reads records and the frames that they need, as chunks. Not for several threads at once.
//
// It never waits for more of the input than the chunk needs, and decodes no further than the
// frame after the last one with people. Instances whose box cannot be cropped, or whose frame
// cannot be decoded, keep their place: all their keypoints have the score 0.
class PoseReader {
 public:
  struct Counts {
    std::int64_t uncropped = 0;      // instances whose box cannot be cropped
    std::int64_t undecoded = 0;      // instances in frames that cannot be decoded
    std::int64_t substituted = 0;    // neighbours in the video that their key frame stood in for
    std::int64_t failed_videos = 0;  // reported and left out
    std::int64_t taken_over = 0;     // frames that a stopped run had done
  };

  // `header` holds what is true for the whole run; the rest of each comes from its input.
  PoseReader(PoseInput input, Header header);
  ~PoseReader();

  std::unique_ptr<FrameChunk> next();  // null: the end of the input, a stop, or cancelled
  void cancel() { cancelled_ = true; }

  bool stopped() const { return cancelled_ || input_.stopped(); }
  bool cut() const { return cut_; }  // the input ended without an end record
  std::int64_t videos() const { return videos_; }  // headers so far
  const Counts& counts() const { return counts_; }

 private:
  struct Video;

  std::optional<Record> next_record();
  void add(const Header& header, FrameChunk& chunk);
  void add(FrameRecord frame, FrameChunk& chunk);
  void add(End end, FrameChunk& chunk);
  std::string path_of(const std::string& video) const;
  void open_video(const Header& header);
  std::optional<Triplet> triplet_of(const FrameRecord& frame);
  [[noreturn]] void fail_short(std::int64_t frame) const;

  PoseInput input_;
  Header header_;
  std::size_t next_input_ = 0;
  std::unique_ptr<RecordReader> records_;
  std::optional<DoneRecords> done_;
  std::unique_ptr<Video> video_;  // null: the records of this one are left out
  int videos_ = 0;
  std::int64_t last_record_ = -1;  // frame of the last record that was passed on
  bool cut_ = false;
  std::atomic<bool> cancelled_ = false;
  Counts counts_;
};

// True for a regular file that libav opens and that does not begin like records.
bool looks_like_video(const std::string& path);

}  // namespace vremd
