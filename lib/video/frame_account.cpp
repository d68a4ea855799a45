// SPDX-License-Identifier: Apache-2.0
#include "video/frame_account.h"

#include "core/sort_some.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace vremd::video {
namespace {

// A sign of damage affects this many later packets; a packet without a picture is kept as long.
constexpr std::int64_t kMemory = 64;

// H.264 and HEVC reorder by up to 16 frames: a decoding time that goes back further begins a new
// part, even without a key frame.
constexpr double kMaxReorder = 16;

// A key frame whose decoding time equals the previous one or goes back by this many frames begins a
// new part; one that goes back by less has a wrong time.
constexpr double kLeastBack = 0.9;

// In seconds. Timestamps that go back by less are wrong; they do not begin a new timeline.
constexpr double kShortestJump = 1;

// If the container has no duration, a longer gap in the times is an error in them.
constexpr double kLongestGap = 60, kLongestVideo = 86400;

// A longer gap at a possible seam is the time between two recordings.
constexpr double kLongestGapAtSeam = 0.5;

// A time that goes back is replaced by the previous one plus this fraction of a frame.
constexpr double kLeastStep = 0.01;

// The timestamps of a damaged file can be anything: these wrap around.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace

void FrameAccount::decoded(const PacketFacts& facts) {
  Packet packet{facts};
  const auto stamp = facts.dts ? facts.dts : facts.pts;
  if (stamp && last_stamp_) {
    const double back = static_cast<double>(difference(*last_stamp_, *stamp)) * facts_.unit;
    const bool begins_anew =
        facts.key && facts.dts && (back == 0 || back > kLeastBack * facts_.frame_seconds);
    if (begins_anew || back > kMaxReorder * facts_.frame_seconds) ++part_;
  }
  if (stamp) last_stamp_ = stamp;
  packet.part = part_;
  if (packet.key || !facts_.begins_anywhere || packet.serial >= kMemory) {
    first_key_ = std::min(first_key_, packet.serial);
  }
  if (packet.corrupt) broken_ = packet.serial;
  if (packet.maybe_seam) seam_ = packet.serial;
  only_dts_ = only_dts_ || (packet.dts && !packet.pts);
  if (only_dts_) packet.pts.reset();  // AVI: libav guesses those of B-frames
  if (only_dts_ && packet.dts) dts_.emplace(part_, *packet.dts);
  waiting_.emplace(packet.serial, packet);
}

bool FrameAccount::is_corrupt(std::int64_t serial) const {
  const auto found = waiting_.find(serial);
  return found != waiting_.end() && found->second.corrupt;
}

void FrameAccount::error(const std::string& problem) {
  if (first_key_ == INT64_MAX) return;
  errors_.push_back(newest_);
  error_text_ = problem;
  damage_seen_ = true;
  broken_ = std::max(broken_, newest_);
}

void FrameAccount::picture(std::optional<std::int64_t> serial, bool damaged) {
  const auto found = serial ? waiting_.find(*serial) : waiting_.begin();
  Packet shown;
  const bool expected = found != waiting_.end();
  if (expected) {
    shown = found->second;
    waiting_.erase(found);
    if (shown.counted) withdraw(shown.serial);
  } else {  // one of several pictures of a packet
    shown.serial = newest_;
    shown.part = origin_part_;
  }
  newest_ = std::max(newest_, shown.serial);
  if (damaged && newest_ >= first_key_) {
    damage_seen_ = true;
    broken_ = std::max(broken_, shown.serial);
  }
  std::vector<Lost> lost;
  if (expected) lost = take_lost(&shown);
  FrameEntry entry{.pts = expected ? take_pts(shown) : std::nullopt};
  const auto count = static_cast<std::int64_t>(lost.size());
  const std::optional<double> time = timeline_time(entry.pts, shown.part, count);
  const std::int64_t missing = std::max(count, time ? lost_by_time(*time, shown.serial, count) : 0);
  entry.time = time ? *time : begin_timeline(entry.pts, shown.part, missing);
  add_missing(std::move(lost), missing, entry.time);
  add({std::move(entry)});
  any_shown_ = true;
}

void FrameAccount::end(std::int64_t announced, bool cut, const std::string& problem) {
  ended_ = true;
  std::vector<Lost> lost = take_lost(nullptr);
  const auto count = static_cast<std::int64_t>(lost.size());
  add_missing(std::move(lost), count,
              next_time() + static_cast<double>(count) * facts_.frame_seconds);
  std::int64_t rest = announced;
  if (rest <= 0 && cut) {
    const double seconds = facts_.duration.value_or(0) - next_time();
    const bool known = times_count_losses() && seconds < kLongestVideo;
    rest = std::max<std::int64_t>(1, known ? std::llround(seconds / facts_.frame_seconds) : 0);
  }
  if (rest <= 0) return;
  add({{.missing = true, .time = next_time(), .problem = problem}, rest, facts_.frame_seconds});
}

std::optional<FrameEntry> FrameAccount::take() {
  if (ready_.empty()) return {};
  Run& run = ready_.front();
  const bool final = ended_ || run.packet == kNever || newest_ > run.packet + facts_.reorder;
  if (!final) return {};
  FrameEntry entry = run.first;
  run.first.time += run.step;
  if (run.first.pts) run.first.pts = sum(*run.first.pts, std::llround(run.step / facts_.unit));
  if (--run.count == 0) ready_.pop_front();
  return entry;
}

bool FrameAccount::comes_before(const Packet& packet, const Packet& shown) const {
  if (packet.part != shown.part) return packet.part < shown.part;
  if (packet.pts && shown.pts) return *packet.pts < *shown.pts;
  return packet.serial + facts_.reorder < shown.serial;
}

// Entries for the lost packets among those whose pictures should have come before `shown` (all if
// null).
std::vector<FrameAccount::Lost> FrameAccount::take_lost(const Packet* shown) {
  std::vector<Packet> overdue;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    Packet& packet = it->second;
    // Kept for a while: if timestamps are wrong, its picture may still come.
    const bool forgotten = packet.overdue && packet.serial + kMemory < newest_;
    if (!packet.overdue && (!shown || comes_before(packet, *shown))) {
      packet.overdue = true;
      overdue.push_back(packet);
    }
    it = forgotten ? waiting_.erase(it) : std::next(it);
  }
  sort_some(
      overdue, [](const Packet& packet) { return packet.pts.has_value(); },
      [](const Packet& a, const Packet& b) {
        return std::tie(a.part, *a.pts) < std::tie(b.part, *b.pts);
      });
  // Packets shown before the first key frame may refer to frames that were cut off (an open GOP):
  // the decoder reports errors, but nothing is damaged.
  const auto has_sign = [&](const Packet& packet) {
    return packet.corrupt || (packet.key && facts_.always_a_frame) ||
           (any_shown_ && packet.serial >= first_key_ && !problem_of_(packet.serial).empty());
  };
  damage_seen_ = damage_seen_ || std::any_of(overdue.begin(), overdue.end(), has_sign);
  std::vector<Lost> lost;
  for (const Packet& packet : overdue) {
    if (errors_.empty() && !has_sign(packet) && !(damage_seen_ && !invisible_seen_)) {
      if (!damage_seen_) invisible_seen_ = true;
      const auto dts = dts_.find({packet.part, packet.dts.value_or(0)});
      if (dts != dts_.end()) dts_.erase(dts);
      continue;
    }
    if (!errors_.empty()) errors_.pop_front();
    damage_seen_ = true;
    waiting_.at(packet.serial).counted = true;
    const auto pts = take_pts(packet);
    if (late_ > 0) {
      --late_;
      continue;
    }
    std::string said = problem_of_(packet.serial);
    if (said.empty()) said = error_text_;
    lost.push_back(
        {{true, pts, 0, "cannot decode" + (said.empty() ? "" : ": " + said)}, packet.serial});
  }
  while (!errors_.empty() && errors_.front() + kMemory < newest_) errors_.pop_front();
  return lost;
}

// Without pts (AVI), decoding times are assigned in ascending order.
std::optional<std::int64_t> FrameAccount::take_pts(const Packet& packet) {
  if (packet.pts) return packet.pts;
  if (!packet.dts || dts_.empty()) return {};
  return dts_.extract(dts_.begin()).value().second;
}

// The time of a picture after `lost` missing ones, if its pts continues the timeline.
std::optional<double> FrameAccount::timeline_time(std::optional<std::int64_t> pts, int part,
                                                  std::int64_t lost) const {
  if (!pts || !origin_ || part != origin_part_) return {};
  const double time = static_cast<double>(difference(*pts, *origin_)) * facts_.unit;
  const double step = time - last_time_, frames = static_cast<double>(lost) * facts_.frame_seconds;
  if (step <= -kShortestJump || step > facts_.longest_pause + frames) return {};
  return std::max(time, last_time_ + kLeastStep * facts_.frame_seconds);
}

double FrameAccount::begin_timeline(std::optional<std::int64_t> pts, int part, std::int64_t lost) {
  const double time = next_time() + static_cast<double>(lost) * facts_.frame_seconds;
  if (pts) {
    origin_ = difference(*pts, std::llround(time / facts_.unit));
    origin_part_ = part;
  }
  return time;
}

bool FrameAccount::times_count_losses() const {
  return !facts_.counts_packets && any_shown_ && steady_ && in_step_ > 0;
}

// The number of frames lost before the picture of packet `serial` at `time`, according to the gap
// in the times; `lost` if that is no evidence.
std::int64_t FrameAccount::lost_by_time(double time, std::int64_t serial, std::int64_t lost) {
  const std::int64_t steps = std::llround((time - last_time_) / facts_.frame_seconds);
  if (steps == lost + 1) {
    ++in_step_;
    return lost;
  }
  const bool short_gap = time - last_time_ < kLongestGapAtSeam;
  const bool near_damage = serial - broken_ <= kMemory || (short_gap && serial - seam_ <= kMemory);
  if (!near_damage || in_step_ == 0) steady_ = false;
  const double latest = facts_.duration.value_or(next_time() + kLongestGap);
  if (!times_count_losses() || time > std::min(latest, kLongestVideo)) return lost;
  return std::max(lost, steps - 1);
}

// Adds `count` missing entries before a picture at `end`: the known ones at their times or, if the
// times show that more are missing, all of them evenly spaced.
void FrameAccount::add_missing(std::vector<Lost> lost, std::int64_t count, double end) {
  const bool evenly = count > std::ssize(lost);
  const auto pts_at = [&](double time) -> std::optional<std::int64_t> {
    if (!origin_) return {};
    return sum(*origin_, std::llround(time / facts_.unit));
  };
  for (auto& [entry, packet] : lost) {
    const bool known = entry.pts && origin_ && !evenly;
    entry.time = known ? static_cast<double>(difference(*entry.pts, *origin_)) * facts_.unit : end;
    const double least = kLeastStep * facts_.frame_seconds;
    if (!(entry.time > last_time_ + least && entry.time < end - least)) {
      entry.time = last_time_ + (end - last_time_) / static_cast<double>(count + 1);
    }
    if (evenly) entry.pts = pts_at(entry.time);
    --count;
    add({.first = std::move(entry), .packet = packet});
  }
  if (count == 0) return;
  const double step = (end - last_time_) / static_cast<double>(count + 1);
  const double time = last_time_ + step;
  add({{true, pts_at(time), time, "lost in a corrupt part of the file"}, count, step});
}

// The picture of a packet that was counted as missing has arrived.
void FrameAccount::withdraw(std::int64_t packet) {
  const auto run = std::find_if(ready_.begin(), ready_.end(),
                                [&](const Run& each) { return each.packet == packet; });
  if (run != ready_.end()) {
    ready_.erase(run);
  } else {
    ++late_;  // too late: a later lost packet is not counted instead
  }
}

void FrameAccount::add(Run run) {
  last_time_ = run.first.time + static_cast<double>(run.count - 1) * run.step;
  ready_.push_back(std::move(run));
}

}  // namespace vremd::video
