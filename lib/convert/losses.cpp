// SPDX-License-Identifier: Apache-2.0
#include "convert/stages.h"

#include "core/log.h"

#include <map>

namespace vremd::convert {
namespace {

class Losses : public Stage {
 public:
  Losses(const Format& format, RecordSink& next) : Stage(next), format_(format) {}

  void begin(const io::Header& header) override {
    lose(kHoldsVideo, "names of videos", !header.video.empty());
    lose(kHoldsSize, "picture sizes", header.width > 0);
    lose(kHoldsTimes, "times", header.fps || header.time_base);
    lose(kHoldsMaker, "earlier tools and their settings",
         !header.from.is_null() || header.model || !header.settings.is_null());
    for (std::size_t i = 0; i < header.extra.size(); ++i) lose(kHoldsOther, "other keys", true);
    next_.begin(header);
  }

  void frame(io::FrameRecord frame) override {
    lose(kHoldsEmpty, "frames without people", frame.instances.empty());
    lose(kHoldsFiles, "names of pictures", frame.file.has_value());
    lose(kHoldsImageIds, "image ids", frame.image_id.has_value());
    lose(kHoldsTimes, "times", frame.time > 0 || frame.pts);
    lose(kHoldsSize, "picture sizes", frame.size.has_value());
    lose(kHoldsDamage, "which frames are damaged or have held boxes",
         frame.damage != io::Damage::kNone || frame.held);
    constexpr const char* kLabels = "labels and regions of annotated frames";
    lose(kHoldsAnnotation, kLabels, frame.labelled.has_value());
    lose(kHoldsAnnotation, kLabels, !frame.ignore_regions.empty());
    for (std::size_t i = 0; i < frame.extra.size(); ++i) lose(kHoldsOther, "other keys", true);
    for (const io::Instance& one : frame.instances) look_at(one);
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
  void lose(Holds what, const char* name, bool there) {
    if (there && !(format_.holds & what)) ++lost_[name];
  }

  void look_at(const io::Instance& one) {
    lose(kHoldsBoxes, "boxes", true);
    lose(kHoldsBoxScores, "scores of boxes", one.box_score != 1);
    lose(kHoldsScores, "scores of people", one.score != one.box_score);
    lose(kHoldsKeypoints, "keypoints", !one.keypoints.empty());
    lose(kHoldsBare, "people without keypoints", one.keypoints.empty());
    lose(kHoldsTracks, "tracks", one.track.has_value());
    lose(kHoldsIds, "ids of people", one.id.has_value());
    lose(kHoldsOther, "neighbours", one.neighbours.has_value());
    constexpr const char* kHeads = "visibility and head boxes";
    lose(kHoldsAnnotation, kHeads, !one.visibility.empty());
    lose(kHoldsAnnotation, kHeads, one.head_box.has_value());
    lose(kHoldsOther, "which joints are derived", !one.derived.empty());
    lose(kHoldsOther, "other keys", one.area.has_value());
    lose(kHoldsOther, "other keys", one.crowd);
    for (std::size_t i = 0; i < one.extra.size(); ++i) lose(kHoldsOther, "other keys", true);
  }

  const Format& format_;
  std::map<std::string, long> lost_;
};

}  // namespace

std::unique_ptr<RecordSink> note_losses(const Format& format, RecordSink& next) {
  return std::make_unique<Losses>(format, next);
}

}  // namespace vremd::convert
