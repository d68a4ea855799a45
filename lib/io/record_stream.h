// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame_range.h"
#include "io/records.h"

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vremd::io {

// The records of several inputs ("-" is standard input) as one stream, video by video:
//
//   while (auto header = records.next_video()) {
//     while (auto frame = records.next_frame()) ...
//     if (records.end()) ...  // else the input is truncated, or the stream was stopped
//   }
//
// Errors are those of RecordReader; a missing input is an Error before anything is read. A
// truncated input is reported and the next one is read. Not thread-safe except for cancel() and
// stopped().
class RecordStream {
 public:
  explicit RecordStream(std::vector<std::string> paths, std::function<bool()> stopped = {});

  // Records in their order that are not read from a file; nothing at their end, and after a stop.
  using Source = std::function<std::optional<Record>()>;
  RecordStream(Source source, std::function<bool()> stopped);

  std::optional<Header> next_video();       // skips the rest of the current video
  std::optional<FrameRecord> next_frame();  // of the current video; nothing at its end
  const std::optional<End>& end() const { return end_; }  // of the current video, once read

  // From now on, next_frame() skips frames outside the range.
  void select(const FrameRange& range) { range_ = range; }

  // True if another video follows this one. Reads ahead, keeping this video's records.
  bool another_follows();

  void cancel() { cancelled_ = true; }  // like a stop: also ends a call waiting for input
  void resume() { cancelled_ = false; }
  bool stopped() const { return cancelled_ || (stopped_ && stopped_()); }
  bool truncated() const { return truncated_; }  // an input ended without an end record
  std::string place() const;                     // "file:line" of the last record
  std::string name() const;                      // its file
  // Of the last header; of a Source, the video.
  const std::string& input() const { return source_ ? video_ : paths_[opened_ - 1]; }

 private:
  std::optional<Record> read();
  std::optional<Header> read_header();

  std::vector<std::string> paths_;
  Source source_;      // null: the paths
  std::string video_;  // of the last header of source_
  std::function<bool()> stopped_;
  std::size_t opened_ = 0;
  std::optional<RecordReader> reader_;
  std::deque<FrameRecord> ahead_;      // frames of the current video
  std::optional<Header> next_header_;  // read ahead
  std::optional<End> end_;
  FrameRange range_;
  bool in_video_ = false, truncated_ = false;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace vremd::io
