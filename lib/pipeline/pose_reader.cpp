// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_reader.h"

#include "core/error.h"
#include "core/log.h"
#include "core/names.h"
#include "io/records.h"
#include "video/fingerprint.h"
#include "video/reader.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace vremd::pipeline {
namespace {

constexpr double kMaxPixel =
    1e6;  // larger values are meaningless and exceed the precision of float

bool can_be_cropped(const Box& box, const Frame& frame) {
  return box.finite() && box.w > 0 && box.h > 0 && std::fabs(box.x) < kMaxPixel &&
         std::fabs(box.y) < kMaxPixel && box.w < kMaxPixel && box.h < kMaxPixel &&
         intersection(box, {-0.5, -0.5, double(frame.width), double(frame.height)}) > 0;
}

void set_absent(io::Instance& instance, std::size_t joints) {
  const Point centre = instance.box.centre();
  const bool finite = std::isfinite(centre.x) && std::isfinite(centre.y);
  instance.keypoints.assign(joints, finite ? io::Keypoint{centre.x, centre.y, 0} : io::Keypoint{});
  instance.score = 0;
  instance.neighbours.reset();
}

// Without what vremd-pose computes.
Json given(io::FrameRecord frame, bool tracked) {
  frame.damage = io::Damage::kNone;
  for (io::Instance& one : frame.instances) {
    if (tracked) one.track.reset();
    one.keypoints.clear();
    one.visibility.clear();
    one.derived.clear();
    one.neighbours.reset();
    one.score = 0;
  }
  return io::to_json(frame);
}

bool in_shot(const io::FrameRecord& frame, const data::TripletWindow::Shot& shot) {
  return std::ranges::all_of(frame.instances, [&](const io::Instance& one) {
    const auto [before, after] = one.neighbours.value_or(std::array{0, 0});
    return frame.frame + before >= shot.first && frame.frame + after < shot.end;
  });
}

bool same_input(const io::FrameRecord& old, const io::FrameRecord& input, const PoseInput& run) {
  Json a = given(old, run.tracked), b = given(input, run.tracked);
  if (run.nms_oks > 0) {  // `old` may lack people of the input
    auto& people = b["instances"];
    auto kept = Json::array();
    for (const Json& one : people) {
      if (kept.size() < a["instances"].size() && a["instances"][kept.size()] == one) {
        kept.push_back(one);
      }
    }
    people = std::move(kept);
  }
  return a == b;
}

// Limits of a chunk that is longer because of held boxes.
constexpr int kMostHeldFrames = 64, kMostHeldPersons = 256;
constexpr int kMostHeldByOverlap = 16;  // with BoxHolder

}  // namespace

struct PoseReader::Video {
  std::optional<video::VideoReader> reader;  // nothing: the frames of PoseInput::detected
  std::string name;
  data::TripletWindow window;
};

PoseReader::PoseReader(PoseInput input, io::Header own)
    : input_(std::move(input)),
      own_(std::move(own)),
      records_(input_.detected
                   ? io::RecordStream([from = input_.detected] { return from->next_record(); },
                                      input_.stopped)
                   : io::RecordStream(input_.records, input_.stopped)),
      done_(input_.done),
      holder_(input_.hold_iou) {}

PoseReader::~PoseReader() = default;

void PoseReader::cancel() {
  records_.cancel();
  if (input_.detected) input_.detected->cancel();
}

PoseReader::Counts PoseReader::counts() const {
  Counts counts = counts_;
  if (input_.detected) {
    const DetectCounts detected = input_.detected->counts();
    counts.videos += detected.failed;
    counts.failed_videos = detected.failed;
    counts.failure = detected.failure;
    counts.skipped = detected.skipped;
  }
  return counts;
}

std::unique_ptr<FrameChunk> PoseReader::next() {
  auto chunk = std::make_unique<FrameChunk>();
  int frames = 0;
  while (!is_full(*chunk, frames)) {
    if (!in_video_) {
      const auto header = records_.next_video();
      if (!header) break;
      begin(*header, *chunk);
    } else if (auto frame = next_record()) {
      frames += add(std::move(*frame), *chunk);
    } else if (!end(*chunk)) {
      break;
    }
  }
  return chunk->records.empty() ? nullptr : std::move(chunk);
}

// Frames with held boxes stay with the one before, whose crops they share (METHOD 11.3).
bool PoseReader::is_full(const FrameChunk& chunk, int frames) const {
  if (input_.live) return frames > 0;
  const auto people = std::ssize(chunk.persons);
  if (input_.hold_iou > 0 && input_.chunk_persons > 1) {
    return frames >= kMostHeldByOverlap || people >= kMostHeldPersons;
  }
  if (frames < input_.chunk_frames && people < std::max(1, input_.chunk_persons)) return false;
  const bool next_is_held = in_video_ && !ahead_.empty() && ahead_.front().held.has_value();
  return !next_is_held || frames >= kMostHeldFrames || people >= kMostHeldPersons;
}

void PoseReader::open_video(const io::Header& header) {
  data::TripletOptions neighbours = input_.neighbours;
  if (!input_.with_neighbours) neighbours = {.stride = 0};
  if (input_.detected) {
    const auto next = [from = input_.detected] { return from->next_frame(); };
    video_.reset(new Video{std::nullopt, header.video, {next, neighbours}});
    return;
  }
  const bool own_name = input_.video.empty();
  const std::string path = own_name ? io::video_path(header, input_.root, records_.place())
                                    : io::join_root(input_.root, input_.video);
  video::VideoReaderOptions options;
  options.stopped = [this] { return records_.stopped(); };
  options.low_delay = input_.live;
  video::VideoReader reader(path, std::move(options));
  const video::VideoInfo& info = reader.info();
  if (header.width > 0 && header.height > 0 &&
      (info.width != header.width || info.height != header.height)) {
    fail("{}: {} x {} pixels, but {} x {} in its records", own_name ? header.video : input_.video,
         info.width, info.height, header.width, header.height);
  }
  video_.reset(new Video{
      std::move(reader), info.name, {[this] { return video_->reader->next(); }, neighbours}});
}

void PoseReader::begin(const io::Header& header, FrameChunk& chunk) {
  video_.reset();
  in_video_ = true;
  records_end_ = range_done_ = false;
  ahead_.clear();
  holder_ = BoxHolder(input_.hold_iou);
  shot_first_ = 0;
  last_record_ = -1;
  input_.live = input_.live || io::is_live(header);
  if (!input_.video.empty() && counts_.videos > 0) {
    fail("{}: a second video, but --video is a single file", records_.place());
  }
  ++counts_.videos;
  try {
    open_video(header);
  } catch (const Error& error) {
    if (records_.stopped()) return;
    log_error("{}", error.what());
    if (counts_.failed_videos++ == 0) counts_.failure = error.what();
    return;
  }
  io::Header out = io::following(header, own_, records_.input());
  out.joints = own_.joints;
  if (!input_.video.empty()) out.video = without_credentials(input_.video);
  if (video_->reader && (out.width <= 0 || out.height <= 0)) {
    out.width = video_->reader->info().width;
    out.height = video_->reader->info().height;
  }
  if (video_->reader) out.fingerprint = video::fingerprint(video_->name);
  if (input_.video.empty() && header.fingerprint && header.fingerprint != out.fingerprint) {
    log_warning("{}: has changed since its records were made", header.video);
  }
  done_.begin(out);
  chunk.records.emplace_back(std::move(out));
}

void PoseReader::fail_short(std::int64_t frame) const {
  fail("{}: the video has {} frames, but the records continue to frame {}", video_->name,
       video_->window.decoded(), frame);
}

std::optional<io::FrameRecord> PoseReader::next_record() {
  if (ahead_.empty()) {
    auto record = records_end_ ? std::nullopt : records_.next_frame();
    records_end_ = !record;
    return record;
  }
  io::FrameRecord record = std::move(ahead_.front());
  ahead_.pop_front();
  return record;
}

// The shot of a key frame: reads the records of the frames that may be its neighbours.
data::TripletWindow::Shot PoseReader::shot_of(const io::FrameRecord& key) {
  const auto& [stride, delta_ms] = input_.neighbours;
  for (std::size_t i = 0;; ++i) {
    if (i == ahead_.size()) {
      auto next = records_end_ ? std::nullopt : records_.next_frame();
      records_end_ = !next;
      if (!next) return {shot_first_, INT64_MAX};
      ahead_.push_back(std::move(*next));
    }
    const io::FrameRecord& record = ahead_[i];
    if (record.cut) return {shot_first_, record.frame};
    const bool past = delta_ms > 0 ? (record.time - key.time) * 1000 >= delta_ms
                                   : record.frame - key.frame >= stride;
    if (past) return {shot_first_, INT64_MAX};
  }
}

// False: skipped, because it is outside the range or its video failed.
bool PoseReader::add(io::FrameRecord frame, FrameChunk& chunk) {
  range_done_ = input_.range.is_after(frame.frame + 1, frame.time);
  if (frame.cut) shot_first_ = frame.frame;
  if (!video_ || !input_.range.contains(frame.frame, frame.time)) return false;
  if (input_.hold_iou > 0) counts_.held += holder_.hold(frame);
  // A truncated input may not have shown where the shot of its last frame ends.
  const auto same = [this](const io::FrameRecord& old, const io::FrameRecord& input) {
    return same_input(old, input, input_) &&
           (!input_.with_neighbours || in_shot(old, shot_of(input)));
  };
  if (auto old = done_.take(frame, same)) {
    if (input_.detected) video_->window.around(frame.frame);  // frames must not pile up
    last_record_ = frame.frame;
    const auto removed = std::ssize(frame.instances) - std::ssize(old->instances);
    if (removed > 0) chunk.removed[chunk.records.size()] = removed;
    chunk.records.emplace_back(std::move(*old));
    return true;
  }
  const auto joints = static_cast<std::size_t>(own_.joints->size());
  std::optional<data::Triplet> triplet;
  if (frame.instances.empty()) {
    if (input_.detected) video_->window.around(frame.frame);
  } else {
    triplet = video_->window.around(
        frame.frame, input_.with_neighbours ? shot_of(frame) : data::TripletWindow::Shot{});
    if (records_.stopped()) return false;  // not the end of the video
    if (!triplet) fail_short(frame.frame);
    const Frame& key = *triplet->key();
    counts_.substituted += triplet->substituted;
    if (key.missing) frame.damage = io::Damage::kMissing;
    if (key.damaged && frame.damage == io::Damage::kNone) frame.damage = io::Damage::kDamaged;
  }
  for (io::Instance& instance : frame.instances) {
    const Frame& key = *triplet->key();
    if (key.missing || !can_be_cropped(instance.box, key)) {
      ++(key.missing ? counts_.undecoded : counts_.uncropped);
      set_absent(instance, joints);
      continue;
    }
    instance.neighbours.reset();
    if (input_.with_neighbours) instance.neighbours = triplet->neighbours;
    Person person;
    person.triplet = *triplet;
    person.box = instance.box;
    person.video = static_cast<int>(counts_.videos - 1);
    person.record = chunk.records.size();
    person.instance = static_cast<std::size_t>(&instance - frame.instances.data());
    chunk.persons.push_back(std::move(person));
  }
  last_record_ = frame.frame;
  chunk.records.emplace_back(std::move(frame));
  return true;
}

// False: stopped, or truncated input.
bool PoseReader::end(FrameChunk& chunk) {
  const auto& record = records_.end();
  if (records_.stopped() || (!record && !range_done_)) return false;
  in_video_ = false;
  if (!video_) return true;
  const bool long_enough = video_->window.reach(last_record_);
  if (records_.stopped()) return false;
  if (!long_enough) fail_short(last_record_);
  video_.reset();
  done_.end();
  chunk.records.emplace_back(record ? *record : io::End{});
  return true;
}

}  // namespace vremd::pipeline
