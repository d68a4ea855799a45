// SPDX-License-Identifier: Apache-2.0
#include "convert/stages.h"

#include "convert/format_support.h"
#include "core/error.h"
#include "core/log.h"
#include "io/json_file.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <unordered_map>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;

struct Video {
  io::Header header;
  std::vector<io::FrameRecord> frames;
  std::vector<bool> filled;
  bool any = false;  // filled
  std::unordered_map<std::string, std::size_t> by_file;
  std::unordered_map<std::int64_t, std::size_t> by_number;
};

// The name of the frame's picture; nothing: a frame of a video file.
std::optional<std::string> picture_name(const io::Header& header, const io::FrameRecord& frame) {
  if (!frame.file && !is_still(header)) return std::nullopt;
  return fs::path(picture_of(header, frame)).filename();
}

// The frames of a file, without people.
class FrameList : public RecordSink {
 public:
  FrameList(const std::string& path, ReadContext context) : path_(path) {
    context.input_joints.clear();  // they belong to the input
    context.only_frames = true;
    std::error_code ignored;
    std::vector<std::string> files{path};
    if (fs::is_directory(path, ignored)) files = io::files_in(path, ".json");
    if (files.empty()) fail("{}: no JSON files in this directory", path);
    for (const std::string& file : files) {
      const std::size_t before = videos_.size();
      guess_format(file).read({file}, context, *this);
      if (videos_.size() == before + 1) add_name(fs::path(file).stem(), before);
    }
  }

  void begin(const io::Header& header) override {
    const std::size_t index = videos_.size();
    io::Header& own = videos_.emplace_back().header;
    own.video = header.video;
    own.width = header.width;
    own.height = header.height;
    own.frames_expected = header.frames_expected;
    add_name(video_name(header.video), index);
    if (const auto number = number_in(header.video); number && is_still(header)) {
      stills_[*number].push_back(index);
    }
    own.vid_id = header.vid_id;
    if (own.vid_id) add_name(*own.vid_id, index);
  }

  void frame(io::FrameRecord frame) override {
    Video& video = videos_.back();
    const std::size_t index = video.frames.size();
    io::FrameRecord& own = video.frames.emplace_back();
    own.frame = frame.frame;
    own.file = frame.file;
    own.image_id = frame.image_id;
    own.size = frame.size;
    video.filled.push_back(false);
    video.by_number.emplace(frame.frame, index);
    if (const auto name = picture_name(video.header, frame)) video.by_file.emplace(*name, index);
    if (!frame.image_id) return;
    if (!by_id_.emplace(*frame.image_id, Place{videos_.size() - 1, index}).second) {
      fail("{}: duplicate image id {}", path_, *frame.image_id);
    }
  }

  struct Place {
    std::size_t video, frame;
  };
  Place find(const io::Header& header, const io::FrameRecord& frame) const {
    const auto absent = [&](const std::string& what) {
      fail("{}: frame {}: {} is not in {}", excerpt(header.video, kPathExcerptBytes), frame.frame,
           what, path_);
    };
    if (frame.image_id && !by_id_.empty()) {
      const auto place = by_id_.find(*frame.image_id);
      if (place == by_id_.end()) absent(fmt::format("image id {}", *frame.image_id));
      return place->second;
    }
    const auto found = video_of(header);
    if (!found) {
      if (const auto place = still_of(header, frame)) return *place;
      fail("{}: no sequence of this name in {}", excerpt(header.video, kPathExcerptBytes), path_);
    }
    const std::size_t index = *found;
    const Video& video = videos_[index];
    if (const auto name = picture_name(header, frame)) {
      const auto place = video.by_file.find(*name);
      if (place == video.by_file.end()) absent(excerpt(*name, kPathExcerptBytes));
      return {index, place->second};
    }
    const auto place = video.by_number.find(frame.frame);
    if (place == video.by_number.end()) absent("that number");
    return {index, place->second};
  }

  std::vector<Video>& videos() { return videos_; }

 private:
  void add_name(const std::string& name, std::size_t video) {
    std::vector<std::size_t>& videos = by_name_[name];
    if (std::find(videos.begin(), videos.end(), video) == videos.end()) videos.push_back(video);
  }

  // Of several videos with this name the one whose path has the longest end in common with `path`.
  std::optional<std::size_t> find_video(const std::string& name, const std::string& path) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return std::nullopt;
    std::size_t best = 0;
    int best_end = -1, count = 0;
    for (const std::size_t video : found->second) {
      const int end = common_end(path, videos_[video].header.video);
      count = end > best_end ? 1 : count + (end == best_end);
      if (end > best_end) best = video, best_end = end;
    }
    if (count > 1) {
      fail("{}: several sequences of this name in {}", excerpt(path, kPathExcerptBytes), path_);
    }
    return best;
  }

  std::optional<std::size_t> video_of(const io::Header& header) const {
    if (videos_.size() == 1) return 0;
    return find_video(video_name(header.video), header.video);
  }

  // A picture of a folder among stills: by its name, else by its number.
  std::optional<Place> still_of(const io::Header& header, const io::FrameRecord& frame) const {
    if (frame.file) {
      const auto video = find_video(video_name(*frame.file), picture_of(header, frame));
      if (video && is_still(videos_[*video].header)) return Place{*video, 0};
      return std::nullopt;
    }
    const auto found = stills_.find(frame.frame);
    if (found == stills_.end()) return std::nullopt;
    if (found->second.size() > 1) {
      fail("{}: several images of number {} in {}", excerpt(header.video, kPathExcerptBytes),
           frame.frame, path_);
    }
    return Place{found->second.front(), 0};
  }

  std::string path_;
  std::vector<Video> videos_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;
  std::unordered_map<std::int64_t, std::vector<std::size_t>> stills_;  // by number
  std::unordered_map<std::int64_t, Place> by_id_;
};

class FillFrames : public Stage {
 public:
  FillFrames(const std::string& path, const ReadContext& context, RecordSink& next)
      : Stage(next), own_(context.header), list_(path, context) {}

  void begin(const io::Header& header) override { header_ = header; }

  void frame(io::FrameRecord frame) override {
    const auto [v, f] = list_.find(header_, frame);
    Video& video = list_.videos()[v];
    if (video.filled[f]) {
      fail("{}: frame {}: duplicate frame {} of {}", excerpt(header_.video, kPathExcerptBytes),
           frame.frame, video.frames[f].frame, excerpt(video.header.video, kPathExcerptBytes));
    }
    take_header(video);
    video.filled[f] = true;
    io::FrameRecord& own = video.frames[f];
    frame.frame = own.frame;
    frame.file = own.file;
    frame.image_id = own.image_id;
    frame.size = own.size;
    own = std::move(frame);
  }

  void end(const Json&) override {}
  void cut() override { fail("truncated input: --images requires all of it"); }

  void finish() override {
    say_empty();
    for (Video& video : list_.videos()) {
      if (!video.any) put_maker(video.header, own_);
      next_.begin(video.header);
      const auto& fps = video.header.fps;
      for (std::size_t i = 0; i < video.frames.size(); ++i) {
        io::FrameRecord& frame = video.frames[i];
        if (!video.filled[i] && fps && fps->first > 0) {
          frame.time = static_cast<double>(frame.frame) * static_cast<double>(fps->second) /
                       static_cast<double>(fps->first);
        }
        next_.frame(std::move(frame));
      }
      next_.end(Json::object());
    }
    next_.finish();
  }

 private:
  void say_empty() {
    constexpr std::size_t kShown = 3;
    std::string names;
    std::size_t empty = 0;
    for (const Video& video : list_.videos()) {
      if (video.any || empty++ >= kShown) continue;
      names += (names.empty() ? "" : ", ") + excerpt(video.header.video, kPathExcerptBytes);
    }
    if (!empty) return;
    log_warning("without input, so without people: {} of {} sequences: {}{}", empty,
                list_.videos().size(), names, empty > kShown ? " ..." : "");
  }

  static void put_maker(io::Header& header, const io::Header& maker) {
    header.tool = maker.tool;
    header.version = maker.version;
    header.command = maker.command;
  }

  // The first header of the input determines the origin of a sequence.
  void take_header(Video& video) {
    io::Header& own = video.header;
    if (!video.any) {
      put_maker(own, header_);
      own.fps = header_.fps;
      own.time_base = header_.time_base;
      own.model = header_.model;
      own.settings = header_.settings;
      own.device = header_.device;
      own.precision = header_.precision;
      own.from = header_.from;
      video.any = true;
    }
    if (!own.joints) own.joints = header_.joints;
    if (header_.joints && header_.joints->joints != own.joints->joints) {
      fail("{}: other joints than the previous input has for {}",
           excerpt(header_.video, kPathExcerptBytes), excerpt(own.video, kPathExcerptBytes));
    }
  }

  io::Header own_, header_;
  FrameList list_;
};

}  // namespace

std::unique_ptr<RecordSink> fill_frames(const std::string& path, const ReadContext& context,
                                        RecordSink& next) {
  return std::make_unique<FillFrames>(path, context, next);
}

}  // namespace vremd::convert
