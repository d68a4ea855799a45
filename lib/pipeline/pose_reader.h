// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame_range.h"
#include "io/done_records.h"
#include "io/record_stream.h"
#include "pipeline/box_holder.h"
#include "pipeline/chunk.h"
#include "pipeline/detected_videos.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::pipeline {

struct PoseInput {
  std::vector<std::string> records;          // files; "-" is standard input
  std::shared_ptr<DetectedVideos> detected;  // instead of files and their videos
  std::string video;                         // overrides that of the header
  std::string root;                          // prepended to relative video paths
  io::DoneRecords::Source done;              // by a stopped run
  FrameRange range;
  bool with_neighbours = true;  // false: key frame only
  data::TripletOptions neighbours;
  bool tracked = false;  // people get track numbers after all else
  double hold_iou = 0;   // of BoxHolder; 0: boxes stay as they are
  double nms_oks = 0;    // of PoseNms; frames of a stopped run may then have fewer people
  std::function<bool()> stopped = [] { return false; };
  // A chunk is a single frame, so that it does not wait for others. Records of a live source, which
  // say so, set it.
  bool live = false;

  // Limits of a chunk; frames with held boxes are not separated by them.
  int chunk_persons = 8, chunk_frames = 8;
};

// Reads records and the frames that they need, in chunks. Not thread-safe.
//
// It reads no more of the input than the chunk needs, and decodes up to the frame after the last
// one with people. Instances whose box cannot be cropped, or whose frame cannot be decoded, stay in
// the records with keypoints of score 0. A truncated input ends without an end record (unless the
// range of frames ended before).
class PoseReader {
 public:
  struct Counts {
    std::int64_t videos = 0;         // headers
    std::int64_t failed_videos = 0;  // reported and skipped
    std::string failure;             // the message of the first of them
    std::int64_t uncropped = 0;      // instances whose box cannot be cropped
    std::int64_t undecoded = 0;      // instances in frames that cannot be decoded
    std::int64_t substituted = 0;    // neighbours replaced by their key frame
    std::int64_t skipped = 0;        // frames of a live source
    std::int64_t held = 0;           // boxes replaced by that of the frame before
  };

  // `own`: the header fields of the whole run; the others are copied from the input.
  PoseReader(PoseInput input, io::Header own);
  ~PoseReader();

  std::unique_ptr<FrameChunk> next();  // null: end of the input, or stopped
  void cancel();

  bool truncated() const { return records_.truncated(); }
  double nms_oks() const { return input_.nms_oks; }
  bool is_live() const { return input_.live; }
  Counts counts() const;
  std::int64_t taken() const { return done_.taken(); }  // frames that the stopped run had done

 private:
  struct Video;

  bool is_full(const FrameChunk& chunk, int frames) const;
  void begin(const io::Header& header, FrameChunk& chunk);
  std::optional<io::FrameRecord> next_record();
  data::TripletWindow::Shot shot_of(const io::FrameRecord& key);
  bool add(io::FrameRecord frame, FrameChunk& chunk);
  bool end(FrameChunk& chunk);
  void open_video(const io::Header& header);
  [[noreturn]] void fail_short(std::int64_t frame) const;

  PoseInput input_;
  io::Header own_;
  io::RecordStream records_;
  io::DoneRecords done_;
  BoxHolder holder_;
  std::unique_ptr<Video> video_;       // null: its records are skipped
  std::deque<io::FrameRecord> ahead_;  // read to know where the shot ends
  bool records_end_ = false;           // of this video
  std::int64_t shot_first_ = 0;        // the first frame of the shot
  bool in_video_ = false;
  bool range_done_ = false;        // the remaining records of this video are skipped
  std::int64_t last_record_ = -1;  // frame of the last record in a chunk
  Counts counts_;
};

}  // namespace vremd::pipeline
