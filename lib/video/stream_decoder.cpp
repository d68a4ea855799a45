// SPDX-License-Identifier: Apache-2.0
#include "video/stream_decoder.h"

#include "core/error.h"
#include "core/sort_some.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vremd::video {
namespace {

// A frame is shown at most so many packets after its own: H.264 and HEVC reorder by 16.
constexpr std::int64_t kMaxReorder = 16;

// An error that no lost frame was found for is forgotten after so many packets.
constexpr std::int64_t kErrorMemory = 64;

// A decoder that only reports errors while it is emptied is given up.
constexpr int kMaxErrorsWhileDraining = 256;

// Where the container does not say how long it is, a gap of more is no damage but a wrong time.
constexpr double kLongestGapSeconds = 60;
constexpr double kLongestVideoSeconds = 86400;  // what says more is taken for damaged

constexpr double kDefaultFrameRate = 25;  // where nothing says

// True where an intact packet always gives a frame. Not of H.264 (a field may be a packet), VP8
// (alternate references) and MPEG-4 with its relatives (frames that are "not coded").
bool is_always_a_frame(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO: return true;
    default: {
      const AVCodecDescriptor* description = avcodec_descriptor_get(codec);
      return description && description->props & AV_CODEC_PROP_INTRA_ONLY;
    }
  }
}

}  // namespace

StreamDecoder::StreamDecoder(PacketSource& source, int threads)
    : source_(source),
      packet_(av_packet_alloc()),
      picture_(av_frame_alloc()),
      orientation_(orientation_of(stream_display_matrix(source.stream()))) {
  if (!packet_ || !picture_) throw std::bad_alloc();
  const AVRational rate = av_guess_frame_rate(source.context(), &source.stream(), nullptr);
  frame_seconds_ = rate.num > 0 && rate.den > 0 ? av_q2d(av_inv_q(rate)) : 1 / kDefaultFrameRate;
  open(threads);
}

void StreamDecoder::open(int threads) {
  const AVStream& stream = source_.stream();
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  if (!codec) {
    fail("{}: this libavcodec cannot decode {}", source_.place(),
         avcodec_get_name(stream.codecpar->codec_id));
  }
  codec_.reset(avcodec_alloc_context3(codec));
  if (!codec_) throw std::bad_alloc();
  int status = avcodec_parameters_to_context(codec_.get(), stream.codecpar);
  if (status >= 0) {
    each_is_a_frame_ = is_always_a_frame(codec->id);
    codec_->thread_count = std::max(threads, 1);
    codec_->pkt_timebase = stream.time_base;
    status = avcodec_open2(codec_.get(), codec, nullptr);
  }
  if (status < 0) {
    fail("{}: cannot decode {}: {}", source_.place(), codec->name, av_error_text(status));
  }
}

std::optional<DecodedFrame> StreamDecoder::next() {
  for (;;) {
    if (!ready_.empty()) {
      Gap& gap = ready_.front().gap;
      if (gap.given < gap.frames) return frame_of(gap);
      DecodedFrame frame = std::move(ready_.front().frame);
      ready_.pop_front();
      return frame;
    }
    if (ended_ && cut_off_ > 0) {
      --cut_off_;
      const std::string& problem = source_.end_problem();
      DecodedFrame lost =
          missing_frame(problem.empty() ? "the file is cut off" : "cannot read: " + problem);
      set_time({}, *lost.frame);
      return lost;
    }
    if (ended_) return {};
    const int status = avcodec_receive_frame(codec_.get(), picture_.get());
    if (status >= 0) {
      accept(*picture_);
      av_frame_unref(picture_.get());
    } else if (status == AVERROR_EOF) {
      finish();
    } else if (status == AVERROR(EAGAIN)) {
      feed();
    } else {
      note_error(status);
      if (draining_ && ++errors_while_draining_ > kMaxErrorsWhileDraining) finish();
    }
  }
}

// Sends the next packet to the decoder, or the end.
void StreamDecoder::feed() {
  const int read = source_.read(*packet_);
  if (read == AVERROR_EXIT) {
    stopped_ = ended_ = true;
    return;
  }
  if (read < 0) {
    draining_ = true;
    avcodec_send_packet(codec_.get(), nullptr);
    return;
  }
  SentPacket sent;
  sent.serial = packets_++;
  sent.pts = packet_->pts;
  sent.dts = packet_->dts;
  sent.key = packet_->flags & AV_PKT_FLAG_KEY;
  sent.corrupt = packet_->flags & AV_PKT_FLAG_CORRUPT;
  if (sent.corrupt || source_.broken_before()) broken_ = sent.serial;
  if (packet_->size > 0) {  // an empty one would end the decoding
    // What an edit list cuts away is decoded, but no frame.
    if (!(packet_->flags & AV_PKT_FLAG_DISCARD)) {
      pending_.emplace(sent.serial, sent);
      if (sent.pts == AV_NOPTS_VALUE && sent.dts != AV_NOPTS_VALUE) dts_.insert(sent.dts);
    }
    packet_->pts = sent.serial;
    AvComplaints& complaints = complaints_[sent.serial % complaints_.size()];
    complaints.clear();
    codec_->opaque = &complaints;
    const int status = avcodec_send_packet(codec_.get(), packet_.get());
    if (status < 0) note_error(status);
  }
  av_packet_unref(packet_.get());
}

void StreamDecoder::note_error(int status) {
  if (status == AVERROR(ENOMEM)) throw std::bad_alloc();
  const std::int64_t serial = packets_ - 1;
  error_text_ = av_error_text(status);
  if (errors_.empty() || errors_.back() != serial) errors_.push_back(serial);
  damage_seen_ = true;
  broken_ = serial;
  // From now on what follows a lost key frame is shown, too, rather than dropped in silence.
  codec_->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
}

const AvComplaints* StreamDecoder::complaints_about(const SentPacket& packet) const {
  const auto kept = static_cast<std::int64_t>(complaints_.size());
  if (packet.serial < 0 || packet.serial < packets_ - kept) return nullptr;
  const AvComplaints& complaints = complaints_[packet.serial % kept];
  return complaints.any() ? &complaints : nullptr;
}

// ": text", or nothing.
std::string StreamDecoder::what_was_said_about(const SentPacket& packet) const {
  if (const AvComplaints* complaints = complaints_about(packet)) return ": " + complaints->last();
  return error_text_.empty() ? "" : ": " + error_text_;
}

void StreamDecoder::accept(const AVFrame& picture) {
  auto found = pending_.find(picture.pts);
  if (found == pending_.end() && picture.pts == AV_NOPTS_VALUE) found = pending_.begin();
  const bool expected = found != pending_.end();
  // After damage a decoder may invent a picture to refer to; the packet's true one comes, too.
  if (!expected && damage_seen_) return;
  SentPacket packet;
  packet.serial = packets_ - 1;
  if (expected) {
    packet = found->second;
    pending_.erase(found);
  }  // else a packet with several frames

  DecodedFrame decoded{std::make_unique<Frame>(), {}};
  Frame& frame = *decoded.frame;
  frame.damaged = packet.corrupt || complaints_about(packet) ||
                  (picture.flags & AV_FRAME_FLAG_CORRUPT) || picture.decode_error_flags != 0;
  if (frame.damaged) {
    damage_seen_ = true;
    broken_ = std::max(broken_, packet.serial);
    decoded.problem = "decoded with errors" + what_was_said_about(packet);
  }
  Gap gap;
  if (expected) {
    give_lost_before(packet);
    gap = gap_before(packet);
  }
  const std::int32_t* matrix = frame_display_matrix(picture);
  converter_.convert(picture, matrix ? orientation_of(matrix) : orientation_, source_.place(),
                     frame);
  set_time(packet, frame);
  ready_.push_back({gap, std::move(decoded)});
  any_shown_ = true;
}

bool StreamDecoder::comes_before(const SentPacket& a, const SentPacket& b) const {
  if (a.pts != AV_NOPTS_VALUE && b.pts != AV_NOPTS_VALUE) return a.pts < b.pts;
  return a.serial + (codec_->has_b_frames > 0 ? kMaxReorder : 0) < b.serial;
}

// The frame of `shown` is about to be given: what should have come before it will not come.
void StreamDecoder::give_lost_before(const SentPacket& shown) {
  std::vector<SentPacket> candidates;
  for (auto it = pending_.begin(); it != pending_.end();) {
    SentPacket& packet = it->second;
    if (!packet.passed && comes_before(packet, shown)) {
      packet.passed = true;
      candidates.push_back(packet);
    }
    // Kept for a while: where time stamps are wrong, its frame may still come.
    const bool forgotten = packet.passed && packet.serial + kErrorMemory < shown.serial;
    it = forgotten ? pending_.erase(it) : std::next(it);
  }
  give_lost(candidates);
  while (!errors_.empty() && errors_.front() + kErrorMemory < shown.serial) errors_.pop_front();
}

// Gives a missing frame for each of the candidates that is owed.
void StreamDecoder::give_lost(std::vector<SentPacket>& candidates) {
  sort_some(
      candidates, [](const SentPacket& packet) { return packet.pts != AV_NOPTS_VALUE; },
      [](const SentPacket& a, const SentPacket& b) { return a.pts < b.pts; });
  // What comes before the first frame may refer to frames that were cut away (an open group of
  // pictures): the decoder complains, but nothing is damaged.
  const auto looks_damaged = [&](const SentPacket& packet) {
    return packet.corrupt || (each_is_a_frame_ && packet.key) ||
           (any_shown_ && complaints_about(packet));
  };
  damage_seen_ = damage_seen_ || std::any_of(candidates.begin(), candidates.end(), looks_damaged);
  for (const SentPacket& packet : candidates) {
    const bool owed = !errors_.empty() || looks_damaged(packet) ||
                      (each_is_a_frame_ && any_shown_) || (damage_seen_ && !hidden_seen_);
    if (!owed) {
      hidden_seen_ = true;
      const auto dts = dts_.find(packet.dts);
      if (dts != dts_.end()) dts_.erase(dts);
      continue;
    }
    if (!errors_.empty()) errors_.pop_front();
    pending_.erase(packet.serial);
    damage_seen_ = true;
    if (is_told_by_gap(packet)) continue;
    const Gap gap = gap_before(packet);
    DecodedFrame lost = missing_frame("cannot decode" + what_was_said_about(packet));
    set_time(packet, *lost.frame);
    ready_.push_back({gap, std::move(lost)});
  }
}

// Seconds from the first frame on.
std::optional<double> StreamDecoder::time_of(const SentPacket& packet) const {
  if (!first_pts_ || packet.pts == AV_NOPTS_VALUE) return {};
  return static_cast<double>(packet.pts - *first_pts_) * av_q2d(source_.stream().time_base);
}

bool StreamDecoder::tells_by_gaps() const {
  return !source_.counts_packets() && any_shown_ && steady_ && in_step_ > 0;
}

// A broken packet may have a wrong time, too, one that is taken; then its true one is free.
bool StreamDecoder::is_told_by_gap(const SentPacket& lost) const {
  const auto time = time_of(lost);
  return tells_by_gaps() && time && *time < latest_ + frame_seconds_ / 2;
}

// `shown` is about to be given: do the times leave room for frames that no packet told of?
StreamDecoder::Gap StreamDecoder::gap_before(const SentPacket& shown) {
  const auto time = time_of(shown);
  if (!time || !any_shown_) return {};
  const double expected = std::max(next_time_, latest_ + frame_seconds_);
  const double gap = (*time - expected) / frame_seconds_;
  if (std::abs(gap) < 0.5) {
    ++in_step_;
    return {};
  }
  const bool damage_is_near = shown.serial - broken_ <= kErrorMemory;
  if (!damage_is_near || in_step_ == 0) steady_ = false;
  const double longest = source_.seconds().value_or(next_time_ + kLongestGapSeconds);
  if (!tells_by_gaps() || gap < 0 || *time > std::min(longest, kLongestVideoSeconds)) return {};
  const double unit = av_q2d(source_.stream().time_base);
  const std::int64_t from = *first_pts_ + std::llround(expected / unit);
  return {std::llround(gap), 0, from, shown.pts};
}

DecodedFrame StreamDecoder::frame_of(Gap& gap) {
  DecodedFrame lost = missing_frame("lost with a broken part of the file");
  const auto span = static_cast<__int128>(gap.to - gap.from);
  lost.frame->pts = gap.from + static_cast<std::int64_t>(span * gap.given++ / gap.frames);
  lost.frame->time =
      static_cast<double>(*lost.frame->pts - *first_pts_) * av_q2d(source_.stream().time_base);
  return lost;
}

// How many frames the file should have had after its last one, at least 1 where it ends badly.
std::int64_t StreamDecoder::lost_at_the_end() const {
  const std::int64_t promised = source_.promised_after(packets_);
  if (promised > 0 || source_.end_problem().empty()) return promised;
  const double rest = source_.seconds().value_or(0) - next_time_;
  if (!tells_by_gaps() || rest > kLongestVideoSeconds) return 1;
  return std::max<std::int64_t>(1, std::llround(rest / frame_seconds_));
}

// The decoder is empty.
void StreamDecoder::finish() {
  std::vector<SentPacket> candidates;
  for (const auto& [serial, packet] : pending_) {
    if (!packet.passed) candidates.push_back(packet);
  }
  give_lost(candidates);
  pending_.clear();
  cut_off_ = lost_at_the_end();
  ended_ = true;
}

// Without its time.
DecodedFrame StreamDecoder::missing_frame(std::string problem) {
  DecodedFrame lost{std::make_unique<Frame>(), std::move(problem)};
  lost.frame->missing = true;
  return lost;
}

// The presentation time of the next frame. Where the container has none (AVI), decoding times
// are given to the frames in order.
std::optional<std::int64_t> StreamDecoder::take_pts(const SentPacket& packet) {
  if (packet.pts != AV_NOPTS_VALUE) return packet.pts;
  if (packet.dts == AV_NOPTS_VALUE || dts_.empty()) return {};
  auto taken = codec_->has_b_frames > 0 ? dts_.begin() : dts_.find(packet.dts);
  if (taken == dts_.end()) taken = dts_.begin();
  const std::int64_t pts = *taken;
  dts_.erase(taken);
  return pts;
}

void StreamDecoder::set_time(const SentPacket& packet, Frame& frame) {
  frame.pts = take_pts(packet);
  frame.time = next_time_;
  if (frame.pts) {
    const double unit = av_q2d(source_.stream().time_base);
    if (!first_pts_) first_pts_ = *frame.pts - std::llround(next_time_ / unit);
    frame.time = static_cast<double>(*frame.pts - *first_pts_) * unit;
  }
  next_time_ = frame.time + frame_seconds_;
  latest_ = std::max(latest_, frame.time);
}

}  // namespace vremd::video
