// SPDX-License-Identifier: Apache-2.0
#include "draw/record_stream.h"

#include "core/log.h"

namespace vremd {

std::optional<Record> RecordStream::read() {
  for (;;) {
    if (!reader_) {
      if (opened_ == paths_.size()) return std::nullopt;
      reader_ = std::make_unique<RecordReader>(paths_[opened_++], stopped_);
    }
    if (auto record = reader_->next()) return record;
    if (reader_->interrupted()) return std::nullopt;
    if (reader_->cut()) {
      cut_ = true;
      log_warning("{}: no end record: the records were cut", reader_->name());
    }
    reader_.reset();
  }
}

std::optional<Header> RecordStream::next_video() {
  while (next_frame()) {
  }
  if (!next_header_) {
    if (auto record = read()) next_header_ = std::get<Header>(std::move(*record));
  }
  video_ended_ = !next_header_;
  return std::exchange(next_header_, std::nullopt);
}

std::optional<FrameRecord> RecordStream::next_frame() {
  if (!ahead_.empty()) {
    FrameRecord frame = std::move(ahead_.front());
    ahead_.pop_front();
    return frame;
  }
  if (video_ended_) return std::nullopt;
  auto record = read();
  if (record && std::holds_alternative<FrameRecord>(*record)) {
    return std::get<FrameRecord>(std::move(*record));
  }
  // An end record, the end of input, or, after a cut file, the next file's header.
  video_ended_ = true;
  if (record && std::holds_alternative<Header>(*record)) {
    next_header_ = std::get<Header>(std::move(*record));
  }
  return std::nullopt;
}

bool RecordStream::another_follows() {
  std::deque<FrameRecord> kept;
  while (auto frame = next_frame()) kept.push_back(std::move(*frame));
  ahead_ = std::move(kept);
  if (!next_header_) {
    if (auto record = read()) next_header_ = std::get<Header>(std::move(*record));
  }
  return next_header_.has_value();
}

}  // namespace vremd
