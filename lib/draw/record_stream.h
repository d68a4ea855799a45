// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd {

// The records of several files ("-" is standard input) as one stream, video by video.
class RecordStream {
 public:
  explicit RecordStream(std::vector<std::string> paths, std::function<bool()> stopped = {})
      : paths_(std::move(paths)), stopped_(std::move(stopped)) {}

  std::optional<Header> next_video();  // leaves out what is unread of the current one
  std::optional<FrameRecord> next_frame();  // of this video; nothing at its end

  // Another video follows this one. Reads ahead to know: this video's records are kept.
  bool another_follows();

  bool cut() const { return cut_; }  // some input ended without an end record
  bool interrupted() const { return reader_ && reader_->interrupted(); }

 private:
  std::optional<Record> read();  // of all files

  std::vector<std::string> paths_;
  std::function<bool()> stopped_;
  std::size_t opened_ = 0;
  std::unique_ptr<RecordReader> reader_;
  std::deque<FrameRecord> ahead_;        // frames of the current video
  std::optional<Header> next_header_;    // known already
  bool video_ended_ = true, cut_ = false;
};

}  // namespace vremd
