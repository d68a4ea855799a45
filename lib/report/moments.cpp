// SPDX-License-Identifier: Apache-2.0
#include "report/moments.h"

#include <algorithm>
#include <cmath>

namespace vremd::report {
namespace {

constexpr double kFall = 0.5;                              // of the usual score
constexpr int kFramesToKnow = 10;                          // before a score or an interval is usual
constexpr double kMeanWeight = 0.1;                        // of a new value in a running mean
constexpr double kJumpPerFrame = 0.5, kJumpPerSecond = 8;  // box diagonals
constexpr double kSamePlace = 0.5, kOtherPlace = 0.3;      // IoU of boxes
constexpr double kMemory = 1;  // seconds that an ended track is remembered
constexpr double kLongestDropout = 0.5;
constexpr double kGapFactor = 4, kShortestGap = 0.2;
constexpr int kFlippedPairs = 2;
constexpr double kApart = 0.1;  // distance of a pair, in box diagonals
constexpr double kAssumedInterval = 0.04;

double diagonal(const Box& box) { return std::max(std::hypot(box.w, box.h), 1.0); }

double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

Point place(const io::Keypoint& keypoint) { return {keypoint.x, keypoint.y}; }

void add_to_mean(double& mean, double value, int count) {
  mean += (value - mean) * std::max(kMeanWeight, 1.0 / count);
}

}  // namespace

MomentFinder::MomentFinder(const std::optional<JointSet>& joints) {
  if (!joints) return;
  const std::vector<std::string>& names = joints->joints;
  for (std::size_t left = 0; left < names.size(); ++left) {
    if (!names[left].starts_with("left_")) continue;
    const auto right = std::ranges::find(names, "right_" + names[left].substr(5));
    if (right == names.end()) continue;
    pairs_.emplace_back(left, static_cast<std::size_t>(right - names.begin()));
  }
}

const MomentFinder::RecordPointer& MomentFinder::shared(const io::FrameRecord& frame) {
  if (!shared_) shared_ = std::make_shared<const io::FrameRecord>(frame);
  return shared_;
}

void MomentFinder::keep(Moment moment) {
  const auto kind = static_cast<std::size_t>(moment.kind);
  ++counts_[kind];
  std::vector<Moment>& kept = kept_[kind];
  kept.push_back(std::move(moment));
  if (kept.size() <= kMostPerKind) return;
  kept.erase(std::ranges::min_element(kept, {}, &Moment::severity));
}

// A run of frames of which something is true.
void MomentFinder::run(std::optional<Moment>& current, MomentKind kind, bool is,
                       const io::FrameRecord& frame) {
  if (!is) {
    if (current) keep(std::move(*current));
    current.reset();
    return;
  }
  if (!current) {
    current = Moment{kind, frame.frame, frame.frame, frame.time, {}, {}, 0, 0, shared(frame)};
  }
  current->last = frame.frame;
  current->value = current->severity = static_cast<double>(frame.frame - current->first + 1);
}

void MomentFinder::follow_score(ScoreLevel& level, std::optional<std::int64_t> track, double score,
                                const io::FrameRecord& frame) {
  if (level.frames >= kFramesToKnow && score < kFall * level.mean) {
    if (!level.fall) {
      level.fall = Moment{MomentKind::kLowScore, frame.frame, 0, frame.time, track, {}, 2, 0, {}};
    }
    level.fall->last = frame.frame;
    if (score < level.fall->value) {
      level.fall->value = score;
      level.fall->severity = 1 - score / level.mean;
      level.fall->record = shared(frame);
    }
    return;  // the mean stays what it was before
  }
  if (level.fall) keep(std::move(*level.fall));
  level.fall.reset();
  add_to_mean(level.mean, score, ++level.frames);
}

int MomentFinder::flipped_pairs(const io::Instance& before, const io::Instance& now) const {
  int flipped = 0;
  for (const auto& [left, right] : pairs_) {
    if (std::max(left, right) >= std::min(before.keypoints.size(), now.keypoints.size())) return 0;
    const io::Keypoint &l = before.keypoints[left], &r = before.keypoints[right];
    const io::Keypoint &to_l = now.keypoints[left], &to_r = now.keypoints[right];
    if (is_absent(l) || is_absent(r) || is_absent(to_l) || is_absent(to_r)) continue;
    const double apart = kApart * diagonal(now.box);
    if (distance(place(l), place(r)) < apart || distance(place(to_l), place(to_r)) < apart) {
      continue;
    }
    const double straight = distance(place(l), place(to_l)) + distance(place(r), place(to_r));
    const double crossed = distance(place(l), place(to_r)) + distance(place(r), place(to_l));
    if (crossed < kFall * straight) ++flipped;
  }
  return flipped;
}

void MomentFinder::find_jumps(const io::FrameRecord& frame, double seconds) {
  std::vector<std::pair<const io::Instance*, const Track*>> seen;  // in the frame before, too
  for (const io::Instance& one : frame.instances) {
    const auto track = one.track ? tracks_.find(*one.track) : tracks_.end();
    if (track == tracks_.end() || track->second.frame != tracked_->first) continue;
    if (one.box.finite() && track->second.last.box.finite())
      seen.emplace_back(&one, &track->second);
  }
  const double frames = static_cast<double>(frame.frame - tracked_->first);
  const double fast = std::max(kJumpPerFrame * frames, kJumpPerSecond * seconds);
  std::vector<const io::Instance*> switched;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto& [a, a_before] = seen[i];
    if (iou(a->box, a_before->last.box) >= kOtherPlace) continue;
    for (std::size_t k = i + 1; k < seen.size(); ++k) {
      const auto& [b, b_before] = seen[k];
      if (iou(b->box, b_before->last.box) >= kOtherPlace) continue;
      const double same =
          std::min(iou(a->box, b_before->last.box), iou(b->box, a_before->last.box));
      if (same < kSamePlace) continue;
      keep({MomentKind::kSwitch, frame.frame, frame.frame, frame.time, a->track, b->track, 1, same,
            shared(frame)});
      switched.insert(switched.end(), {a, b});
    }
  }
  for (const auto& [one, track] : seen) {
    const double moved = distance(one->box.centre(), track->last.box.centre()) /
                         std::max(diagonal(one->box), diagonal(track->last.box));
    if (std::ranges::count(switched, one) > 0) continue;
    if (seconds > 0) motion_ = std::max(motion_.value_or(0), moved / seconds);
    if (moved > fast) {
      keep({MomentKind::kJump,
            frame.frame,
            frame.frame,
            frame.time,
            one->track,
            {},
            moved / frames,
            moved / frames,
            shared(frame)});
      continue;
    }
    const int flipped = flipped_pairs(track->last, *one);
    if (flipped >= kFlippedPairs) {
      keep({MomentKind::kFlip,
            frame.frame,
            frame.frame,
            frame.time,
            one->track,
            {},
            static_cast<double>(flipped),
            static_cast<double>(flipped),
            shared(frame)});
    }
  }
}

void MomentFinder::find_breaks(const io::FrameRecord& frame,
                               const std::vector<const io::Instance*>& begun) {
  for (const io::Instance* one : begun) {
    double best = kOtherPlace;
    std::optional<Moment> found;
    for (const auto& [id, track] : tracks_) {
      const double overlap = iou(one->box, track.last.box);
      if (track.frame == frame.frame || overlap < best) continue;
      best = overlap;
      const double seconds = frame.time - track.time;
      found = Moment{MomentKind::kBreak, frame.frame, frame.frame, frame.time,   id,
                     one->track,         seconds,     overlap,     shared(frame)};
    }
    if (found) breaks_.push_back(std::move(*found));
  }
}

void MomentFinder::follow_tracks(const io::FrameRecord& frame) {
  std::vector<const io::Instance*> begun;
  double sum = 0;
  int untracked = 0;
  for (const io::Instance& one : frame.instances) {
    if (!one.track) {
      sum += one.score;
      ++untracked;
      continue;
    }
    any_tracks_ = true;
    const auto [track, is_new] = tracks_.try_emplace(*one.track);
    if (is_new && one.box.finite()) begun.push_back(&one);
    follow_score(track->second.score, one.track, one.score, frame);
    track->second.last = one;
    track->second.frame = frame.frame;
    track->second.time = frame.time;
    // It went on after all.
    std::erase_if(breaks_, [&](const Moment& b) { return b.track == one.track; });
  }
  if (untracked > 0 && !any_tracks_) follow_score(untracked_, {}, sum / untracked, frame);
  find_breaks(frame, begun);
  const auto old = [&](double time) { return frame.time - time > kMemory; };
  std::erase_if(tracks_, [&](auto& entry) {
    if (!old(entry.second.time)) return false;
    if (entry.second.score.fall) keep(std::move(*entry.second.score.fall));
    return true;
  });
  std::erase_if(breaks_, [&](Moment& one) {
    if (!old(one.time)) return false;
    keep(std::move(one));
    return true;
  });
}

// Frames without anybody, between frames with people.
void MomentFinder::follow_dropout(const io::FrameRecord& frame) {
  if (frame.damage == io::Damage::kMissing) return;
  if (!frame.instances.empty()) {
    if (dropout_ && frame.time - dropout_->time <= kLongestDropout) keep(std::move(*dropout_));
    dropout_.reset();
    people_before_ = true;
    return;
  }
  if (!people_before_) return;
  if (!dropout_) {
    dropout_ =
        Moment{MomentKind::kDropout, frame.frame, 0, frame.time, {}, {}, 0, 0, shared(frame)};
  }
  dropout_->last = frame.frame;
  dropout_->value = dropout_->severity = static_cast<double>(frame.frame - dropout_->first + 1);
}

void MomentFinder::follow_time(const io::FrameRecord& frame) {
  const double step = (frame.time - before_->second);
  const double per_frame = step / static_cast<double>(frame.frame - before_->first);
  if (intervals_ >= kFramesToKnow && per_frame > std::max(kGapFactor * interval_, kShortestGap)) {
    keep({MomentKind::kGap,
          frame.frame,
          frame.frame,
          frame.time,
          {},
          {},
          step,
          step,
          shared(frame)});
    return;
  }
  if (per_frame > 0) add_to_mean(interval_, per_frame, ++intervals_);
}

void MomentFinder::add(const io::FrameRecord& frame) {
  shared_.reset();
  motion_.reset();
  run(damaged_, MomentKind::kDamaged, frame.damage == io::Damage::kDamaged, frame);
  run(missing_, MomentKind::kMissing, frame.damage == io::Damage::kMissing, frame);
  if (before_) follow_time(frame);
  if (frame.cut) {  // nothing goes on from the shot before
    for (auto& [id, track] : tracks_) {
      if (track.score.fall) keep(std::move(*track.score.fall));
    }
    tracks_.clear();
    tracked_.reset();
    dropout_.reset();
    people_before_ = false;
  }
  before_ = {frame.frame, frame.time};
  follow_dropout(frame);
  if (frame.damage == io::Damage::kMissing || frame.held) return;  // held boxes do not move
  if (tracked_) {
    const double step = frame.time - tracked_->second;
    find_jumps(frame, step > 0 ? step : kAssumedInterval);
  }
  follow_tracks(frame);
  tracked_ = before_;
}

std::vector<Moment> MomentFinder::finish() {
  for (std::optional<Moment>* open : {&damaged_, &missing_, &untracked_.fall}) {
    if (*open) keep(std::move(**open));
    open->reset();
  }
  for (auto& [id, track] : tracks_) {
    if (track.score.fall) keep(std::move(*track.score.fall));
  }
  for (Moment& one : breaks_) keep(std::move(one));
  tracks_.clear();
  breaks_.clear();
  std::vector<Moment> moments;
  for (std::vector<Moment>& kept : kept_) {
    std::ranges::move(kept, std::back_inserter(moments));
    kept.clear();
  }
  std::ranges::stable_sort(moments, {}, &Moment::first);
  return moments;
}

}  // namespace vremd::report
