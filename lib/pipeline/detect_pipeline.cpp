// SPDX-License-Identifier: Apache-2.0
#include "pipeline/detect_pipeline.h"

#include "core/error.h"
#include "core/log.h"
#include "core/names.h"
#include "core/text.h"
#include "io/records.h"
#include "ops/device.h"
#include "parallel/ordered_pipeline.h"
#include "video/fingerprint.h"
#include "video/picture_names.h"
#include "video/reader.h"

#include <c10/core/InferenceMode.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

namespace vremd::pipeline {
namespace {

namespace fs = std::filesystem;

// A token of the pipeline: one frame and the preceding records.
struct DetectTask {
  std::optional<io::End> end;           // the video before it is complete
  std::optional<io::Header> header;     // of a new video
  FramePtr frame;                       // may be null
  bool in_range = true;                 // otherwise a frame without a record
  bool cut = false;                     // the frame begins a shot
  bool keyframe = false;                // otherwise the boxes of the last keyframe are reused
  std::optional<io::FrameRecord> done;  // of the stopped run
  std::vector<ops::ScoredBox> people;
};

// The record of a frame without its people.
io::FrameRecord record_of(const Frame& frame, const io::Header& header, bool cut) {
  io::FrameRecord record;
  record.frame = frame.index;
  record.time = frame.time;
  record.pts = frame.pts;
  if (!frame.file.empty()) record.file = frame.file;
  record.damage = frame.missing   ? io::Damage::kMissing
                  : frame.damaged ? io::Damage::kDamaged
                                  : io::Damage::kNone;
  record.cut = cut;
  if (!frame.missing && (frame.width != header.width || frame.height != header.height)) {
    record.size = {frame.width, frame.height};
  }
  return record;
}

bool is_of_frame(const io::FrameRecord& old, const io::FrameRecord& input) {
  io::FrameRecord bare = old;
  bare.instances.clear();
  bare.held.reset();
  return io::to_json(bare) == io::to_json(input);
}

// The frames of all videos in order. Not thread-safe.
class DetectReader {
 public:
  // `outside`: also the frames that a neighbour may be. Error: not an image, with `stills`.
  DetectReader(const DetectInput& input, io::Header header, bool outside);

  std::unique_ptr<DetectTask> next();  // null: end or stopped
  void cancel() { cancelled_ = true; }
  bool stopped() const { return cancelled_ || (!input_.live && input_.stopped()); }
  DetectCounts counts() const {
    DetectCounts counts = counts_;
    counts.taken = done_.taken();
    return counts;
  }

 private:
  bool open(DetectTask& task);
  io::End close();
  bool is_lost();
  bool is_keyframe(const Frame& frame, bool cut);
  bool is_past(const Frame& frame) const;

  const DetectInput& input_;
  bool outside_;
  io::Header header_;
  struct Video {
    std::string name, input;
  };
  std::vector<Video> videos_;
  std::size_t next_video_ = 0;
  std::unique_ptr<video::VideoReader> reader_;  // null: none is open
  std::optional<io::End> end_;                  // for the next task
  std::int64_t next_keyframe_ = 0;
  int keyframe_width_ = 0, keyframe_height_ = 0;
  std::int64_t last_frame_ = -1;            // in the range so far; -1: none
  double last_time_ = 0, before_time_ = 0;  // of that frame, and of the one before the next
  io::Header video_header_;
  io::DoneRecords done_;
  std::atomic<bool> cancelled_ = false;
  DetectCounts counts_;
};

DetectReader::DetectReader(const DetectInput& input, io::Header header, bool outside)
    : input_(input), outside_(outside), header_(std::move(header)), done_(input.done) {
  for (const std::string& video : input_.videos) {
    if (!input_.stills) {
      videos_.push_back({video, video});
      continue;
    }
    const std::string path = io::join_root(input_.root, video);
    const auto pictures = video::pictures_of(path);
    for (const std::string& picture : pictures) {
      // the records do not contain the root
      const bool itself = picture == path;
      const std::string name = itself || input_.root.empty() || fs::path(video).is_absolute()
                                   ? (itself ? video : picture)
                                   : fs::path(picture).lexically_relative(input_.root).string();
      require_utf8(name);
      videos_.push_back({name, video});
    }
  }
}

// Opens the next readable video. False: no more.
bool DetectReader::open(DetectTask& task) {
  while (next_video_ < videos_.size() && !stopped()) {
    const auto& [name, of_input] = videos_[next_video_++];
    try {
      const std::string path = io::join_root(input_.root, name);
      if (input_.stills && name != "-" && fs::is_regular_file(path) && !video::is_picture(path)) {
        fail("{}: not an image", path);
      }
      video::VideoReaderOptions options;
      options.stopped = [this] { return cancelled_ || input_.stopped(); };
      options.find_cuts = input_.find_cuts && !input_.stills;
      options.live = input_.live;
      options.counted = input_.range;
      if (std::error_code ignored; !input_.stills && !fs::is_regular_file(path, ignored)) {
        for (const auto& picture : video::pictures_of(path)) require_utf8(picture);
      }
      reader_ = std::make_unique<video::VideoReader>(path, std::move(options));
    } catch (const Error& error) {
      if (stopped()) return false;
      if (counts_.failed++ == 0) counts_.failure = error.what();
      if (input_.fail_fast) throw;
      log_error("{}", error.what());
      continue;
    }
    if (reader_->info().width == 0) {  // stopped
      reader_.reset();
      return false;
    }
    ++counts_.videos;
    const video::VideoInfo& info = reader_->info();
    task.header = header_;
    task.header->command = io::command_of(header_, of_input);
    task.header->video = without_credentials(name);
    task.header->width = info.width;
    task.header->height = info.height;
    task.header->fps = info.fps;
    task.header->time_base = info.time_base;
    task.header->frames_expected = info.frames_expected;
    if (!input_.live) {
      task.header->fingerprint = video::fingerprint(io::join_root(input_.root, name));
    }
    video_header_ = *task.header;
    done_.begin(video_header_);
    last_frame_ = -1;
    keyframe_width_ = keyframe_height_ = 0;
    return true;
  }
  return false;
}

// Also after a cut or a change of size; the next frame replaces a missing one.
bool DetectReader::is_keyframe(const Frame& frame, bool cut) {
  if (cut) next_keyframe_ = frame.index;
  if (frame.missing) return false;
  const bool same_size = frame.width == keyframe_width_ && frame.height == keyframe_height_;
  if (frame.index < next_keyframe_ && same_size) return false;
  while (next_keyframe_ <= frame.index) next_keyframe_ += input_.every;
  keyframe_width_ = frame.width;
  keyframe_height_ = frame.height;
  return true;
}

// The end record of the open video.
io::End DetectReader::close() {
  io::End end;
  if (input_.live) {
    end.extra["skipped"] = reader_->skipped();
    end.extra["reconnects"] = reader_->reconnects();
    counts_.skipped += reader_->skipped();
  }
  reader_.reset();
  done_.end();
  return end;
}

// Whether the video has not ended, but its connection.
bool DetectReader::is_lost() {
  const std::string why = reader_->lost();
  if (why.empty()) return false;
  const std::string message =
      fmt::format("{}: connection lost after frame {}: {}", video_header_.video, last_frame_, why);
  log_error("{}", message);
  if (counts_.failed++ == 0) counts_.failure = message;
  return true;
}

// Whether no more of the video is needed.
bool DetectReader::is_past(const Frame& frame) const {
  if (!input_.range.is_after(frame.index, frame.time)) return false;
  if (!outside_ || last_frame_ < 0) return true;
  return frame.index - last_frame_ > input_.frames_after &&
         !(before_time_ < last_time_ + input_.seconds_after);
}

std::unique_ptr<DetectTask> DetectReader::next() {
  auto task = std::make_unique<DetectTask>();
  while (!stopped()) {
    if (!reader_ && !open(*task)) break;
    FramePtr frame = reader_->next();
    if (stopped()) break;  // not the end of the video
    if (!frame || is_past(*frame)) {
      const bool lost = !frame && is_lost();
      io::End end = close();
      if (!task->header) {
        if (!lost) end_ = std::move(end);
        continue;
      }
      // no frame in the range: only header and end
      task->end = std::exchange(end_, std::nullopt);
      if (!lost) end_ = std::move(end);
      return task;
    }
    task->in_range = input_.range.contains(frame->index, frame->time);
    if (!task->in_range && !outside_) continue;
    task->end = std::exchange(end_, std::nullopt);
    before_time_ = frame->time;
    if (!task->in_range) {
      task->frame = std::move(frame);
      return task;
    }
    if (last_frame_ < 0) next_keyframe_ = frame->index;
    last_frame_ = frame->index;
    last_time_ = frame->time;
    task->cut = frame->cut || input_.cuts.contains(frame->index);
    task->keyframe = is_keyframe(*frame, task->cut);
    task->done = done_.take(record_of(*frame, video_header_, task->cut), is_of_frame);
    task->frame = std::move(frame);
    return task;
  }
  if (stopped() || !end_) return nullptr;
  task->end = std::exchange(end_, std::nullopt);
  return task;
}

// Tasks in order -> records; keeps the boxes of the last keyframe.
class DetectWriter {
 public:
  DetectWriter(const DetectSink& sink, const std::function<void()>& advanced)
      : sink_(sink), advanced_(advanced) {}

  void write(DetectTask& task) {
    if (task.end) sink_(std::move(*task.end), nullptr);
    if (task.header) {
      header_ = std::move(*task.header);
      keyframe_ = -1;
      people_.clear();
      sink_(header_, nullptr);
    }
    if (!task.frame) return;
    if (!task.in_range) {
      sink_(std::nullopt, std::move(task.frame));
      return;
    }
    auto record = record_of(task);
    sink_(std::move(record), std::move(task.frame));
    advanced_();
  }

 private:
  io::FrameRecord record_of(DetectTask& task) {
    const Frame& frame = *task.frame;
    if (task.cut) people_.clear();
    if (task.done) {
      for (const io::Instance& one : task.done->instances) {
        task.people.push_back({one.box, one.box_score});
      }
    }
    if (task.keyframe) {
      people_ = std::move(task.people);
      keyframe_ = frame.index;
    }
    if (task.done) return std::move(*task.done);
    io::FrameRecord record = pipeline::record_of(frame, header_, task.cut);
    if (frame.missing) return record;
    if (!task.keyframe) record.held = keyframe_;
    for (const ops::ScoredBox& one : people_) {
      io::Instance& instance = record.instances.emplace_back();
      instance.box = one.box;
      instance.box_score = instance.score = one.score;
    }
    return record;
  }

  const DetectSink& sink_;
  const std::function<void()>& advanced_;
  io::Header header_;
  std::int64_t keyframe_ = -1;
  std::vector<ops::ScoredBox> people_;
};

}  // namespace

std::set<std::int64_t> read_cuts(const std::string& path) {
  std::ifstream file(path);
  if (!file) fail("{}: cannot open: {}", path, std::strerror(errno));
  std::set<std::int64_t> cuts;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line.resize(std::min(line.find('#'), line.size()));
    const std::size_t from = line.find_first_not_of(" \t\r");
    if (from == std::string::npos) continue;
    line.erase(line.find_last_not_of(" \t\r") + 1);
    const auto frame = number_from<std::int64_t>(std::string_view(line).substr(from));
    if (!frame || *frame < 0) {
      fail("{}:{}: '{}' is not a frame number", path, number, excerpt(line));
    }
    cuts.insert(*frame);
  }
  if (file.bad()) fail("{}: cannot read: {}", path, std::strerror(errno));
  return cuts;
}

namespace {

// In a frame that waits for another one, a live source gets old.
std::size_t tokens_for(const DetectInput& input) {
  constexpr std::size_t kMostOfLive = 3;
  const auto threads = static_cast<std::size_t>(input.threads);
  return input.live ? std::min(threads, kMostOfLive) : 2 * threads;
}

DetectCounts run(const DetectInput& input, const io::Header& header,
                 const detect::PersonDetector& detector, const DetectSink& sink, bool outside) {
  DetectReader reader(input, header, outside);
  DetectWriter records(sink, input.advanced);
  parallel::run_ordered([&] { return reader.next(); },
                        [&](DetectTask& task) {
                          if (!task.keyframe || task.done) return;
                          const c10::InferenceMode guard;  // thread-local
                          task.people = detector.detect(*task.frame);
                        },
                        [&](DetectTask& task) { records.write(task); },
                        {.threads = input.threads,
                         .tokens = tokens_for(input),
                         .prepare_thread = ops::prepare_worker,
                         .cancel = [&] { reader.cancel(); }});
  return reader.counts();
}

struct Write {
  io::RecordWriter& writer;

  void operator()(const io::Header& header) const { writer.write(header); }
  void operator()(const io::FrameRecord& frame) const { writer.write(frame); }
  void operator()(const io::End& end) const { writer.write_end(end.extra); }
};

}  // namespace

DetectCounts run_detect_pipeline(const DetectInput& input, const io::Header& header,
                                 const detect::PersonDetector& detector, io::RecordWriter& writer) {
  const DetectSink write = [&](const std::optional<io::Record>& record, const FramePtr&) {
    std::visit(Write{writer}, *record);
  };
  return run(input, header, detector, write, false);
}

DetectCounts run_detect_pipeline(const DetectInput& input, const io::Header& header,
                                 const detect::PersonDetector& detector, const DetectSink& sink) {
  return run(input, header, detector, sink, true);
}

}  // namespace vremd::pipeline
