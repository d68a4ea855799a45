// SPDX-License-Identifier: Apache-2.0
#include "track/track_records.h"

#include "core/enum_names.h"
#include "core/error.h"
#include "core/log.h"
#include "io/record_stream.h"

#include <optional>
#include <set>
#include <utility>

namespace vremd::track {
namespace {

void add_settings(const SelectionConfig& selection, Json& settings) {
  if (!selection.tracks.empty()) settings["tracks"] = selection.tracks;
  if (selection.min_length > 0) settings["min_length"] = selection.min_length;
  if (selection.max_people == 0) return;
  settings["max_people"] = selection.max_people;
  settings["prefer"] = name_of(selection.prefer);
}

Json settings_of(const TrackConfig& config, const io::Header& video) {
  Json settings = track::settings_of(config.tracker, video.joints);
  settings["smooth"] = name_of(config.smooth);
  if (config.smooth == Smoothing::kOneEuro) {
    settings["min_cutoff"] = config.one_euro.min_cutoff;
    settings["beta"] = config.one_euro.beta;
    settings["derivative_cutoff"] = config.one_euro.derivative_cutoff;
  }
  if (config.refines) {
    settings["refine"] = true;
    settings["max_speed"] = config.refine.outliers.max_speed;
    settings["max_limb"] = config.refine.outliers.max_limb;
    settings["max_gap"] = config.refine.max_gap.text();
    settings["cutoff"] = config.refine.cutoff;
  }
  add_settings(config.selection, settings);
  return settings;
}

// The seconds of a video, from the times of its frames, or if they do not increase, from the frame
// rate.
class Clock {
 public:
  Clock(const std::optional<std::pair<std::int64_t, std::int64_t>>& fps, std::string option)
      : option_(std::move(option)) {
    if (!fps || fps->first <= 0 || fps->second <= 0) return;
    frame_seconds_ = static_cast<double>(fps->second) / static_cast<double>(fps->first);
  }

  double at(const io::FrameRecord& frame, const std::string& place) {
    if (last_frame_ >= 0) {
      double step = frame.time - last_time_;
      if (!(step > 0)) step = static_cast<double>(frame.frame - last_frame_) * frame_seconds_;
      if (!(step > 0)) {
        fail("{}: {} requires the time of the frames or the fps of the header", place, option_);
      }
      seconds_ += step;
    }
    last_frame_ = frame.frame;
    last_time_ = frame.time;
    return seconds_;
  }

 private:
  std::string option_;        // that needs the time
  double frame_seconds_ = 0;  // 0: unknown
  double seconds_ = 0, last_time_ = 0;
  std::int64_t last_frame_ = -1;
};

// Keeps the frames of a shot, and writes them when it is complete.
class SecondPass {
 public:
  SecondPass(const TrackConfig& config, const io::Header& header, io::RecordWriter& writer)
      : config_(config),
        joints_(header.joints),
        size_(header.width, header.height),
        writer_(writer) {
    config_.refine.smooth = config.smooth;
  }

  void add(io::FrameRecord frame, double time) {
    if (frame.cut) finish();
    shot_.push_back(std::move(frame));
    times_.push_back(time);
  }

  void finish() {
    if (config_.selection.selects()) select_tracks(shot_, size_, config_.selection);
    tracks_ += static_cast<std::int64_t>(paths_of(shot_).size());
    if (config_.refines) counts_ += refine(shot_, times_, joints_, config_.refine);
    for (const io::FrameRecord& frame : shot_) writer_.write(frame);
    shot_.clear();
    times_.clear();
  }

  std::int64_t tracks() const { return tracks_; }  // kept

  // For the end record.
  void add_counts(Json& extra) const {
    if (!config_.refines) return;
    extra["rejected_joints"] = counts_.rejected_joints;
    extra["filled_joints"] = counts_.filled_joints;
    extra["filled_people"] = counts_.filled_people;
  }

 private:
  TrackConfig config_;
  std::optional<JointSet> joints_;
  std::pair<int, int> size_;  // of the frames
  io::RecordWriter& writer_;
  std::vector<io::FrameRecord> shot_;
  std::vector<double> times_;  // of the frames, in seconds
  std::int64_t tracks_ = 0;
  RefineCounts counts_;
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
  const bool needs_time = config.refines || config.smooth != Smoothing::kNone;
  io::RecordStream records(config.inputs, config.stopped);
  while (const auto header = records.next_video()) {
    Tracker tracker(config.tracker, header->joints);
    Smoother smoother(config.one_euro, config.tracker.max_age);
    Clock clock(header->fps, config.refines ? "--refine" : "--smooth");
    std::optional<SecondPass> second_pass;
    if (config.has_second_pass()) second_pass.emplace(config, *header, writer);
    writer.write(track_header(config, *header, own, records.input()));
    while (auto frame = records.next_frame()) {
      tracker.assign(*frame);
      const double time = needs_time ? clock.at(*frame, records.place()) : 0;
      if (config.smooth == Smoothing::kOneEuro) smoother.smooth(*frame, time);
      if (second_pass) {
        second_pass->add(std::move(*frame), time);
      } else {
        writer.write(*frame);
      }
      if (config.advanced) config.advanced();
    }
    if (second_pass) second_pass->finish();
    const std::int64_t tracks = second_pass ? second_pass->tracks() : tracker.tracks();
    result.tracks += tracks;
    untracked += tracker.untracked();
    if (!records.end()) break;  // no header may follow
    Json extra = records.end()->extra;
    extra["tracks"] = tracks;
    if (second_pass) second_pass->add_counts(extra);
    writer.write_end(extra);
  }
  result.complete = !records.truncated();
  if (untracked) {
    log_warning("{} people without a track: neither a box area nor keypoints", untracked);
  }
  return result;
}

}  // namespace vremd::track
