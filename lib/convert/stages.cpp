// SPDX-License-Identifier: Apache-2.0
#include "convert/stages.h"

#include "core/error.h"
#include "core/log.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace vremd::convert {
namespace {

int scaled(int size, double scale) {
  constexpr double kLargest = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(std::round(size * scale), -kLargest, kLargest));
}

Box scaled(const Box& b, double scale) {
  return {b.x * scale, b.y * scale, b.w * scale, b.h * scale};
}

void scale_frame(io::FrameRecord& frame, double scale) {
  if (frame.size) {
    frame.size = {scaled(frame.size->first, scale), scaled(frame.size->second, scale)};
  }
  for (auto& polygon : frame.ignore_regions) {
    for (Point& point : polygon) point.x *= scale, point.y *= scale;
  }
  for (io::Instance& one : frame.instances) {
    one.box = scaled(one.box, scale);
    for (io::Keypoint& k : one.keypoints) k.x *= scale, k.y *= scale;
    if (one.head_box) one.head_box = scaled(*one.head_box, scale);
    if (one.area) *one.area *= scale * scale;
  }
}

class Selector : public Stage {
 public:
  Selector(const Selection& selection, RecordSink& next)
      : Stage(next),
        selection_(selection),
        absent_(selection.tracks.begin(), selection.tracks.end()) {}

  void begin(const io::Header& header) override {
    io::Header own = header;
    own.width = scaled(own.width, selection_.scale);
    own.height = scaled(own.height, selection_.scale);
    video_ = header.video;
    slot_ = -1;
    next_.begin(own);
  }

  void frame(io::FrameRecord frame) override {
    if (frame.frame > io::kLastFrame) {
      fail("{}: frame {}: too large", excerpt(video_, kPathExcerptBytes), frame.frame);
    }
    ++frames_;
    if (!selection_.range.contains(frame.frame, frame.time)) return;
    ++selected_;
    if (selection_.fps > 0 && !is_due(frame)) return;
    people_ += frame.instances.size();
    for (const io::Instance& one : frame.instances) {
      if (one.track) absent_.erase(*one.track);
    }
    std::erase_if(frame.instances, [this](const io::Instance& one) { return !is_wanted(one); });
    left_ += frame.instances.size();
    if (selection_.min_joint_score > 0) drop_joints(frame);
    if (selection_.scale != 1) scale_frame(frame, selection_.scale);
    next_.frame(std::move(frame));
  }

  // Reports requested frames, tracks and people that the input lacks.
  void finish() override {
    if (frames_ && !selected_) {
      throw NothingSelected(
          fmt::format("none of the {} frames is in the range asked for", frames_));
    }
    if (people_ && absent_.size() == selection_.tracks.size() && !absent_.empty()) {
      throw NothingSelected(fmt::format("--tracks: nobody has {}", fmt::join(absent_, ", ")));
    }
    next_.finish();
    if (people_ && !absent_.empty()) {
      log_warning("--tracks: nobody has {}", fmt::join(absent_, ", "));
    }
    if (people_ && !left_) log_warning("none of the {} people selected", people_);
  }

 private:
  void drop_joints(io::FrameRecord& frame) const {
    for (io::Instance& one : frame.instances) {
      for (std::size_t j = 0; j < one.keypoints.size(); ++j) {
        if (one.keypoints[j].score >= selection_.min_joint_score) continue;
        one.keypoints[j] = {};
        if (j < one.visibility.size()) one.visibility[j] = 0;
      }
    }
  }

  bool is_wanted(const io::Instance& one) const {
    if (selection_.min_score > 0 && !(one.score >= selection_.min_score)) return false;
    const std::vector<int>& tracks = selection_.tracks;
    if (tracks.empty()) return one.track || !selection_.tracked;
    return one.track && std::find(tracks.begin(), tracks.end(), *one.track) != tracks.end();
  }

  // The first frame of each 1 / fps seconds.
  bool is_due(const io::FrameRecord& frame) {
    if (frame.frame > 0 && !(frame.time > 0)) {
      fail("{}: frame {}: no time; --fps requires it", excerpt(video_, kPathExcerptBytes),
           frame.frame);
    }
    constexpr double kTimeStep = 1e-6;  // times have six decimals
    const double slot = std::floor((frame.time + kTimeStep) * selection_.fps);
    if (slot <= slot_) return false;
    slot_ = slot;
    return true;
  }

  Selection selection_;
  std::string video_;
  double slot_ = -1;
  std::set<std::int64_t> absent_;  // tracks
  std::int64_t frames_ = 0, selected_ = 0;
  std::size_t people_ = 0, left_ = 0;
};

class Losses : public Stage {
 public:
  Losses(const Format& format, RecordSink& next) : Stage(next), format_(format) {}

  void begin(const io::Header& header) override {
    lose(kHoldsVideo, "names of videos", !header.video.empty());
    lose(kHoldsSize, "picture sizes", header.width > 0);
    lose(kHoldsRate, kRates, header.fps || header.time_base);
    lose(kHoldsMaker, "earlier tools and their settings",
         !header.from.is_null() || header.model || !header.settings.is_null());
    lose(kHoldsOther, "other keys", header.extra.size());
    next_.begin(header);
  }

  void frame(io::FrameRecord frame) override {
    lose(kHoldsEmpty, "frames without people", frame.instances.empty());
    lose(kHoldsFiles, "names of pictures", frame.file.has_value());
    lose(kHoldsImageIds, "image ids", frame.image_id.has_value());
    lose(kHoldsTimes, "times", frame.time > 0);
    lose(kHoldsRate, kRates, frame.pts.has_value());
    lose(kHoldsSize, "picture sizes", frame.size.has_value());
    lose(kHoldsDamage, "which frames are damaged or have held boxes",
         frame.damage != io::Damage::kNone || frame.held);
    lose(kHoldsDamage, "cuts", frame.cut);
    constexpr const char* kLabels = "labels and regions of annotated frames";
    lose(kHoldsAnnotation, kLabels, frame.labelled.has_value());
    lose(kHoldsAnnotation, kLabels, !frame.ignore_regions.empty());
    lose(kHoldsOther, "other keys", frame.extra.size());
    for (const io::Instance& one : frame.instances) take(one);
    next_.frame(std::move(frame));
  }

  void finish() override {
    next_.finish();
    std::string list;
    for (const auto& [what, count] : lost_) {
      list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", what, count);
    }
    if (!list.empty()) log_warning("{} cannot represent: {}", format_.name, list);
  }

 private:
  void lose(Holds what, const char* name, std::size_t count) {
    if (count && !(format_.holds & what)) lost_[name] += count;
  }

  void take(const io::Instance& one) {
    lose(kHoldsBoxes, "boxes", true);
    lose(kHoldsBoxScores, "scores of boxes", one.box_score != 1);
    lose(kHoldsScores, "scores of people", one.score != one.box_score);
    lose(kHoldsKeypoints, "keypoints", !one.keypoints.empty());
    const auto is_scored = [](const io::Keypoint& k) { return !io::is_absent(k) && k.score != 1; };
    if (format_.holds & kHoldsKeypoints) {
      lose(kHoldsJointScores, "scores of joints", std::ranges::count_if(one.keypoints, is_scored));
    }
    lose(kHoldsBare, "people without keypoints", one.keypoints.empty());
    lose(kHoldsTracks, "tracks", one.track.has_value());
    lose(kHoldsIds, "ids of people", one.id.has_value());
    lose(kHoldsOther, "neighbours", one.neighbours.has_value());
    constexpr const char* kHeads = "visibility and head boxes";
    lose(kHoldsAnnotation, kHeads, !one.visibility.empty());
    lose(kHoldsAnnotation, kHeads, one.head_box.has_value());
    lose(kHoldsOther, "which joints are derived", !one.derived.empty());
    lose(kHoldsOther, "other keys", one.extra.size() + one.area.has_value() + one.crowd);
  }

  static constexpr const char* kRates = "frame rates and pts";
  const Format& format_;
  std::map<std::string, std::size_t> lost_;
};

}  // namespace

std::unique_ptr<RecordSink> select(const Selection& selection, RecordSink& next) {
  return std::make_unique<Selector>(selection, next);
}

std::unique_ptr<RecordSink> note_losses(const Format& format, RecordSink& next) {
  return std::make_unique<Losses>(format, next);
}

}  // namespace vremd::convert
