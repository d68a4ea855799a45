// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_reader.h"

#include "core/error.h"
#include "core/log.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <utility>

namespace vremd {
namespace {

constexpr double kFurthestPixel = 1e6;  // boxes beyond have no meaning, and float loses the pixel

bool can_be_cropped(const Box& box, const Frame& frame) {
  const double furthest = kFurthestPixel;
  return box.finite() && box.w > 0 && box.h > 0 && std::fabs(box.x) < furthest &&
         std::fabs(box.y) < furthest && box.w < furthest && box.h < furthest &&
         intersection(box, {-0.5, -0.5, double(frame.width), double(frame.height)}) > 0;
}

void leave_unfound(Instance& instance, std::size_t joints) {
  const Point centre = instance.box.centre();
  const bool finite = std::isfinite(centre.x) && std::isfinite(centre.y);
  instance.keypoints.assign(joints, finite ? Keypoint{centre.x, centre.y, 0} : Keypoint{});
  instance.score = 0;
  instance.neighbours.reset();
}

}  // namespace

struct PoseReader::Video {
  VideoReader reader;
  TripletWindow window;
};

PoseReader::PoseReader(PoseInput input, Header header)
    : input_(std::move(input)), header_(std::move(header)) {
  for (const std::string& path : input_.records) {
    if (path == "-") continue;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) fail("{}: no such file", path);
  }
  if (!input_.resume_from.empty()) done_.emplace(input_.resume_from);
}

PoseReader::~PoseReader() = default;

std::unique_ptr<FrameChunk> PoseReader::next() {
  auto chunk = std::make_unique<FrameChunk>();
  int frames = 0;
  while (frames < input_.chunk_frames &&
         std::ssize(chunk->persons) < std::max(1, input_.chunk_persons) && !stopped()) {
    std::optional<Record> record = next_record();
    if (!record) break;
    frames += std::holds_alternative<FrameRecord>(*record);
    std::visit([&](auto& one) { add(std::move(one), *chunk); }, *record);
  }
  return chunk->records.empty() ? nullptr : std::move(chunk);
}

std::optional<Record> PoseReader::next_record() {
  while (!cut_) {
    if (!records_) {
      if (next_input_ == input_.records.size()) return std::nullopt;
      records_ = std::make_unique<RecordReader>(input_.records[next_input_++],
                                                [this] { return stopped(); });
    }
    if (auto record = records_->next()) return record;
    if (records_->interrupted() || stopped()) return std::nullopt;
    cut_ = records_->cut();
    if (cut_) log_warning("{}: the input was cut: no end record", records_->place());
    records_.reset();
  }
  return std::nullopt;
}

std::string PoseReader::path_of(const std::string& video) const {
  if (video == "-") {
    fail("{}: the video came from standard input: name it with --video", records_->place());
  }
  if (input_.root.empty()) return video;
  return (std::filesystem::path(input_.root) / video).string();  // an absolute one stays
}

void PoseReader::open_video(const Header& header) {
  const std::string& name = input_.video.empty() ? header.video : input_.video;
  VideoReaderOptions options;
  options.threads = input_.decoder_threads;
  options.stopped = [this] { return stopped(); };
  VideoReader reader(path_of(name), std::move(options));
  const VideoInfo& info = reader.info();
  if (header.width > 0 && header.height > 0 &&
      (info.width != header.width || info.height != header.height)) {
    fail("{}: {} x {} pixels, but its records say {} x {}", name, info.width, info.height,
         header.width, header.height);
  }
  TripletOptions neighbours = input_.neighbours;
  if (!input_.with_neighbours) neighbours = {.stride = 0};
  video_.reset(new Video{std::move(reader), {[this](bool) { return video_->reader.next(); },
                                            neighbours}});
}

void PoseReader::add(const Header& header, FrameChunk& chunk) {
  video_.reset();
  last_record_ = -1;
  if (!input_.video.empty() && videos_ > 0) {
    fail("{}: a second video, but --video names one for all", records_->place());
  }
  ++videos_;
  try {
    open_video(header);
  } catch (const Error& error) {
    if (stopped()) return;
    log_error("{}", error.what());
    ++counts_.failed_videos;
    return;
  }
  Header out = following(header, header_);
  out.joints = header_.joints;
  if (!input_.video.empty()) out.video = input_.video;
  if (out.width <= 0 || out.height <= 0) {
    out.width = video_->reader.info().width;
    out.height = video_->reader.info().height;
  }
  if (done_) done_->begin(out);
  chunk.records.emplace_back(std::move(out));
}

std::optional<Triplet> PoseReader::triplet_of(const FrameRecord& frame) {
  auto triplet = video_->window.around(frame.frame);
  if (stopped()) return std::nullopt;  // what a stopped reader does not give is not the end
  if (!triplet) fail_short(frame.frame);
  return triplet;
}

void PoseReader::fail_short(std::int64_t frame) const {
  fail("{}: the video has {} frames, but its records go on to frame {}",
       video_->reader.info().name, video_->window.decoded(), frame);
}

void PoseReader::add(FrameRecord frame, FrameChunk& chunk) {
  if (!video_ || frame.frame < input_.first_frame || frame.frame >= input_.last_frame) return;
  if (done_) {
    if (auto old = done_->take(frame)) {
      ++counts_.taken_over;
      last_record_ = frame.frame;
      chunk.records.emplace_back(std::move(*old));
      return;
    }
  }
  const auto joints = static_cast<std::size_t>(header_.joints->size());
  std::optional<Triplet> triplet;
  if (!frame.instances.empty()) {
    triplet = triplet_of(frame);
    if (!triplet) return;
    const Frame& key = *triplet->key();
    counts_.substituted += triplet->substituted;
    if (key.missing) frame.damage = Damage::kMissing;
    if (key.damaged && frame.damage == Damage::kNone) frame.damage = Damage::kDamaged;
  }
  for (Instance& instance : frame.instances) {
    const Frame& key = *triplet->key();
    if (key.missing || !can_be_cropped(instance.box, key)) {
      ++(key.missing ? counts_.undecoded : counts_.uncropped);
      leave_unfound(instance, joints);
      continue;
    }
    instance.neighbours.reset();
    if (input_.with_neighbours) instance.neighbours = triplet->neighbours;
    Person person;
    person.triplet = *triplet;
    person.box = instance.box;
    person.video = videos_ - 1;
    person.record = chunk.records.size();
    person.instance = static_cast<std::size_t>(&instance - frame.instances.data());
    chunk.persons.push_back(std::move(person));
  }
  last_record_ = frame.frame;
  chunk.records.emplace_back(std::move(frame));
}

void PoseReader::add(End end, FrameChunk& chunk) {
  if (!video_) return;
  if (!video_->window.reach(last_record_) && !stopped()) fail_short(last_record_);
  if (stopped()) return;
  video_.reset();
  if (done_) done_->end();
  chunk.records.emplace_back(std::move(end));
}

bool looks_like_video(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  std::ifstream in(path);
  char first = 0;
  in >> first;
  if (!in || first == '{') return false;
  try {
    VideoReader reader(path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace vremd
