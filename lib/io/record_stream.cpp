// SPDX-License-Identifier: Apache-2.0
#include "io/record_stream.h"

#include "core/error.h"
#include "core/log.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace vremd::io {

RecordStream::RecordStream(std::vector<std::string> paths, std::function<bool()> stopped)
    : paths_(std::move(paths)), stopped_(std::move(stopped)) {
  for (const std::string& path : paths_) {
    std::error_code ignored;
    if (path != "-" && !std::filesystem::exists(path, ignored)) {
      fail("{}: cannot open: {}", path, std::strerror(ENOENT));
    }
  }
}

RecordStream::RecordStream(Source source, std::function<bool()> stopped)
    : source_(std::move(source)), stopped_(std::move(stopped)) {}

std::string RecordStream::place() const { return reader_ ? reader_->place() : ""; }
std::string RecordStream::name() const { return reader_ ? reader_->name() : ""; }

// The next record of all inputs. Nothing at the end, after a stop, and once after a truncated
// input.
std::optional<Record> RecordStream::read() {
  if (source_) {
    auto record = stopped() ? std::nullopt : source_();
    if (!record && in_video_) cancel();  // a Source ends within a video only after a stop
    return record;
  }
  while (!stopped()) {
    if (!reader_) {
      if (opened_ == paths_.size()) return std::nullopt;
      reader_.emplace(paths_[opened_++], [this] { return stopped(); });
    }
    if (auto record = reader_->next()) return record;
    if (reader_->interrupted()) {
      cancel();
      return std::nullopt;
    }
    const bool cut = reader_->cut();
    if (cut) {
      log_warning("{}: truncated input{}", reader_->place(), in_video_ ? ": no end record" : "");
    }
    reader_.reset();
    truncated_ = truncated_ || cut;
    if (cut && in_video_) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Header> RecordStream::read_header() {
  auto record = read();
  if (!record) return std::nullopt;
  auto& header = std::get<Header>(*record);  // RecordReader allows nothing else here
  if (source_) video_ = header.video;
  return std::move(header);
}

std::optional<Header> RecordStream::next_video() {
  while (next_frame()) {
  }
  if (in_video_) return std::nullopt;  // stopped
  auto header = next_header_ ? std::exchange(next_header_, std::nullopt) : read_header();
  in_video_ = header.has_value();
  end_.reset();
  return header;
}

std::optional<FrameRecord> RecordStream::next_frame() {
  if (!ahead_.empty()) {
    FrameRecord frame = std::move(ahead_.front());
    ahead_.pop_front();
    return frame;
  }
  if (!in_video_) return std::nullopt;
  while (auto record = read()) {
    if (auto* frame = std::get_if<FrameRecord>(&*record)) {
      if (range_.contains(frame->frame, frame->time)) return std::move(*frame);
      continue;
    }
    end_ = std::get<End>(std::move(*record));
    in_video_ = false;
    return std::nullopt;
  }
  const bool stopped = reader_ || source_;
  in_video_ = stopped;
  return std::nullopt;
}

bool RecordStream::another_follows() {
  std::deque<FrameRecord> kept;
  while (auto frame = next_frame()) kept.push_back(std::move(*frame));
  ahead_ = std::move(kept);
  if (!next_header_ && !in_video_) next_header_ = read_header();
  return next_header_.has_value();
}

}  // namespace vremd::io
