// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_reader.h"

#include "core/error.h"
#include "core/log.h"
#include "io/records.h"
#include "video/reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vremd::pipeline {
namespace {

constexpr double kFurthestPixel = 1e6;  // boxes beyond have no meaning, and float loses the pixel

bool can_be_cropped(const Box& box, const Frame& frame) {
  const double furthest = kFurthestPixel;
  return box.finite() && box.w > 0 && box.h > 0 && std::fabs(box.x) < furthest &&
         std::fabs(box.y) < furthest && box.w < furthest && box.h < furthest &&
         intersection(box, {-0.5, -0.5, double(frame.width), double(frame.height)}) > 0;
}

void set_absent(io::Instance& instance, std::size_t joints) {
  const Point centre = instance.box.centre();
  const bool finite = std::isfinite(centre.x) && std::isfinite(centre.y);
  instance.keypoints.assign(joints, finite ? io::Keypoint{centre.x, centre.y, 0} : io::Keypoint{});
  instance.score = 0;
  instance.neighbours.reset();
}

}  // namespace

struct PoseReader::Video {
  video::VideoReader reader;
  data::TripletWindow window;
};

PoseReader::PoseReader(PoseInput input, io::Header own)
    : input_(std::move(input)), own_(std::move(own)), records_(input_.records, input_.stopped) {
  if (!input_.resume_from.empty()) done_.emplace(input_.resume_from);
}

PoseReader::~PoseReader() = default;

std::unique_ptr<FrameChunk> PoseReader::next() {
  auto chunk = std::make_unique<FrameChunk>();
  int frames = 0;
  while (frames < input_.chunk_frames &&
         std::ssize(chunk->persons) < std::max(1, input_.chunk_persons)) {
    if (!in_video_) {
      const auto header = records_.next_video();
      if (!header) break;
      begin(*header, *chunk);
    } else if (auto frame = records_.next_frame()) {
      frames += add(std::move(*frame), *chunk);
    } else if (!end(*chunk)) {
      break;
    }
  }
  return chunk->records.empty() ? nullptr : std::move(chunk);
}

void PoseReader::open_video(const io::Header& header) {
  const bool own_name = input_.video.empty();
  const std::string path = own_name ? io::video_path(header, input_.root, records_.place())
                                    : io::join_root(input_.root, input_.video);
  video::VideoReaderOptions options;
  options.stopped = [this] { return records_.stopped(); };
  video::VideoReader reader(path, std::move(options));
  const video::VideoInfo& info = reader.info();
  if (header.width > 0 && header.height > 0 &&
      (info.width != header.width || info.height != header.height)) {
    fail("{}: {} x {} pixels, but its records say {} x {}", own_name ? header.video : input_.video,
         info.width, info.height, header.width, header.height);
  }
  data::TripletOptions neighbours = input_.neighbours;
  if (!input_.with_neighbours) neighbours = {.stride = 0};
  video_.reset(
      new Video{std::move(reader), {[this] { return video_->reader.next(); }, neighbours}});
}

void PoseReader::begin(const io::Header& header, FrameChunk& chunk) {
  video_.reset();
  in_video_ = true;
  range_done_ = false;
  last_record_ = -1;
  if (!input_.video.empty() && counts_.videos > 0) {
    fail("{}: a second video, but --video names one for all", records_.place());
  }
  ++counts_.videos;
  try {
    open_video(header);
  } catch (const Error& error) {
    if (records_.stopped()) return;
    log_error("{}", error.what());
    ++counts_.failed_videos;
    return;
  }
  io::Header out = io::following(header, own_);
  out.joints = own_.joints;
  if (!input_.video.empty()) out.video = input_.video;
  if (out.width <= 0 || out.height <= 0) {
    out.width = video_->reader.info().width;
    out.height = video_->reader.info().height;
  }
  if (done_) done_->begin(out);
  chunk.records.emplace_back(std::move(out));
}

void PoseReader::fail_short(std::int64_t frame) const {
  fail("{}: the video has {} frames, but its records go on to frame {}", video_->reader.info().name,
       video_->window.decoded(), frame);
}

// False: no record of it, which is outside the range or whose video failed.
bool PoseReader::add(io::FrameRecord frame, FrameChunk& chunk) {
  range_done_ = frame.frame >= input_.last_frame - 1;
  if (!video_ || frame.frame < input_.first_frame || frame.frame >= input_.last_frame) return false;
  if (done_) {
    if (auto old = done_->take(frame)) {
      ++counts_.resumed;
      last_record_ = frame.frame;
      chunk.records.emplace_back(std::move(*old));
      return true;
    }
  }
  const auto joints = static_cast<std::size_t>(own_.joints->size());
  std::optional<data::Triplet> triplet;
  if (!frame.instances.empty()) {
    triplet = video_->window.around(frame.frame);
    if (records_.stopped()) return false;  // then the lack of a frame does not mean the video's end
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

// False: nothing more is read, because of a stop or a truncated input.
bool PoseReader::end(FrameChunk& chunk) {
  const auto& record = records_.end();
  if (records_.stopped() || (!record && !range_done_)) return false;
  in_video_ = false;
  if (!video_) return true;
  const bool long_enough = video_->window.reach(last_record_);
  if (records_.stopped()) return false;
  if (!long_enough) fail_short(last_record_);
  video_.reset();
  if (done_) done_->end();
  chunk.records.emplace_back(record ? *record : io::End{});
  return true;
}

}  // namespace vremd::pipeline
