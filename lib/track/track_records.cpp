// SPDX-License-Identifier: Apache-2.0
#include "track/track_records.h"

#include "core/enum_names.h"
#include "core/error.h"
#include "core/log.h"
#include "io/record_stream.h"

#include <optional>

namespace vremd::track {
namespace {

Json settings_of(const TrackConfig& config, const io::Header& video) {
  Json settings = track::settings_of(config.tracker, video.joints);
  settings["smooth"] = name_of(config.smooth);
  if (config.smooth == Smoothing::kNone) return settings;
  settings["min_cutoff"] = config.one_euro.min_cutoff;
  settings["beta"] = config.one_euro.beta;
  settings["derivative_cutoff"] = config.one_euro.derivative_cutoff;
  return settings;
}

// The seconds of a video, from the times of its frames, or if they do not increase, from the frame
// rate.
class Clock {
 public:
  explicit Clock(const std::optional<std::pair<std::int64_t, std::int64_t>>& fps) {
    if (!fps || fps->first <= 0 || fps->second <= 0) return;
    frame_seconds_ = static_cast<double>(fps->second) / static_cast<double>(fps->first);
  }

  double at(const io::FrameRecord& frame, const std::string& place) {
    if (last_frame_ >= 0) {
      double step = frame.time - last_time_;
      if (!(step > 0)) step = static_cast<double>(frame.frame - last_frame_) * frame_seconds_;
      if (!(step > 0)) {
        fail("{}: --smooth requires the time of the frames or the fps of the header", place);
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
  std::int64_t last_frame_ = -1;
};

}  // namespace

Json settings_of(const TrackerConfig& config, const std::optional<JointSet>& joints) {
  return {{"min_score", config.min_score},
          {"min_similarity", config.similarity_for(joints)},
          {"max_age", config.max_age}};
}

io::Header track_header(const TrackConfig& config, const io::Header& input, const io::Header& own,
                        const std::string& path) {
  io::Header header = io::following(input, own, path);
  header.settings = settings_of(config, input);
  return header;
}

TrackResult track_records(const TrackConfig& config, const io::Header& own,
                          io::RecordWriter& writer) {
  TrackResult result;
  std::int64_t untracked = 0;
  io::RecordStream records(config.inputs, config.stopped);
  while (const auto header = records.next_video()) {
    Tracker tracker(config.tracker, header->joints);
    Smoother smoother(config.one_euro, config.tracker.max_age);
    Clock clock(header->fps);
    writer.write(track_header(config, *header, own, records.input()));
    while (auto frame = records.next_frame()) {
      tracker.assign(*frame);
      if (config.smooth != Smoothing::kNone)
        smoother.smooth(*frame, clock.at(*frame, records.place()));
      writer.write(*frame);
      if (config.advanced) config.advanced();
    }
    result.tracks += tracker.tracks();
    untracked += tracker.untracked();
    if (!records.end()) break;  // no header may follow
    Json extra = records.end()->extra;
    extra["tracks"] = tracker.tracks();
    writer.write_end(extra);
  }
  result.complete = !records.truncated();
  if (untracked) {
    log_warning("{} people without a track: neither a box area nor keypoints", untracked);
  }
  return result;
}

}  // namespace vremd::track
