// SPDX-License-Identifier: Apache-2.0
#include "track/track_records.h"

#include "core/error.h"
#include "core/log.h"

#include <optional>

namespace vremd {
namespace {

Json settings_of(const TrackConfig& config, const Header& video) {
  Json settings{{"min_score", config.tracker.min_score},
                {"min_similarity", config.tracker.similarity_for(video.joints)},
                {"max_age", config.tracker.max_age},
                {"smooth", config.smooth}};
  if (config.smooth == "none") return settings;
  settings["min_cutoff"] = config.one_euro.min_cutoff;
  settings["beta"] = config.one_euro.beta;
  settings["derivative_cutoff"] = config.one_euro.derivative_cutoff;
  return settings;
}

// The seconds of a video, from the time of its frames, or where that does not go on, from the
// frame rate.
class Clock {
 public:
  explicit Clock(const std::optional<std::pair<std::int64_t, std::int64_t>>& fps) {
    if (!fps || fps->first <= 0 || fps->second <= 0) return;
    frame_seconds_ = static_cast<double>(fps->second) / static_cast<double>(fps->first);
  }

  double at(const FrameRecord& frame, const std::string& place) {
    if (last_frame_) {
      double step = frame.time - last_time_;
      if (!(step > 0)) step = static_cast<double>(frame.frame - *last_frame_) * frame_seconds_;
      if (!(step > 0)) {
        fail("{}: --smooth needs the time of the frames, or the header's fps", place);
      }
      seconds_ += step;
    }
    last_frame_ = frame.frame;
    last_time_ = frame.time;
    return seconds_;
  }

 private:
  double frame_seconds_ = 0;  // 0: unknown
  double seconds_ = 0, last_time_ = 0;
  std::optional<std::int64_t> last_frame_;
};

class Videos {
 public:
  Videos(const TrackConfig& config, const Header& own, RecordWriter& writer)
      : config_(config), own_(own), writer_(writer) {}

  void add(const Header& header, const std::string&) {
    video_.emplace(Video{Tracker(config_.tracker, header.joints),
                         Smoother(config_.one_euro, config_.tracker.max_age), Clock(header.fps)});
    own_.settings = settings_of(config_, header);
    writer_.write(following(header, own_));
  }

  void add(FrameRecord frame, const std::string& place) {
    video_->tracker.assign(frame);
    if (config_.smooth != "none") video_->smoother.smooth(frame, video_->clock.at(frame, place));
    writer_.write(frame);
    if (config_.advanced) config_.advanced();
  }

  void add(End end, const std::string&) {
    end.extra["tracks"] = video_->tracker.tracks();
    writer_.write_end(end.extra);
    finish();
  }

  // What was counted of a video, also of one that was cut.
  void finish() {
    if (!video_) return;
    tracks_ += video_->tracker.tracks();
    shapeless_ += video_->tracker.shapeless();
    video_.reset();
  }

  std::int64_t tracks() const { return tracks_; }
  std::int64_t shapeless() const { return shapeless_; }

 private:
  struct Video {
    Tracker tracker;
    Smoother smoother;
    Clock clock;
  };

  const TrackConfig& config_;
  Header own_;
  RecordWriter& writer_;
  std::optional<Video> video_;
  std::int64_t tracks_ = 0, shapeless_ = 0;
};

// False: stopped, or cut.
bool read(const std::string& path, const TrackConfig& config, Videos& videos) {
  RecordReader reader(path, config.stopped);
  while (std::optional<Record> record = reader.next()) {
    std::visit([&](auto& one) { videos.add(std::move(one), reader.place()); }, *record);
  }
  videos.finish();
  if (reader.cut() && !reader.interrupted()) {
    log_warning("{}: the input was cut: no end record", reader.place());
  }
  return !reader.cut() && !reader.interrupted();
}

}  // namespace

TrackResult track_records(const TrackConfig& config, const Header& own) {
  OutputFile file(config.output, config.force);
  RecordWriter writer(file);
  Videos videos(config, own, writer);
  TrackResult result;
  for (const std::string& path : config.inputs) {
    result.complete = read(path, config, videos);
    if (!result.complete) break;  // a header would not be allowed here
  }
  if (config.stopped && config.stopped()) {
    result.complete = false;
    result.partial = file.keep_partial();
  } else {
    file.commit();
  }
  result.frames = writer.frames();
  result.people = writer.instances();
  result.tracks = videos.tracks();
  if (videos.shapeless()) {
    log_warning("{} people without a track: no box with an area and no keypoints",
                videos.shapeless());
  }
  return result;
}

}  // namespace vremd
