// SPDX-License-Identifier: Apache-2.0
#include "video/stream_decoder.h"

#include "core/error.h"
#include "core/sort_some.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vremd::video {
namespace {

// Frames are output at most this many packets late: H.264 and HEVC reorder by up to 16.
constexpr std::int64_t kMaxReorder = 16;

// An error without a lost frame is discarded after this many packets.
constexpr std::int64_t kErrorMemory = 64;

// Errors after which draining the decoder is abandoned.
constexpr int kMaxErrorsWhileDraining = 256;

// Without a duration in the container, a longer gap is an invalid time instead of damage.
constexpr double kLongestGapSeconds = 60;
constexpr double kLongestVideoSeconds = 86400;  // longer durations are considered invalid

constexpr double kDefaultFrameRate = 25;  // if unknown

// True if every intact packet yields a frame. Not so for H.264 (a packet may be a field), VP8
// (alternate references) and the MPEG-4 family (frames that are "not coded").
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
    if (ended_ && truncated_ > 0) {
      --truncated_;
      const std::string& problem = source_.end_problem();
      DecodedFrame lost =
          missing_frame(problem.empty() ? "the file is truncated" : "cannot read: " + problem);
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

// Sends the next packet, or the end of the stream, to the decoder.
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
  if (sent.corrupt || source_.corrupt_before()) broken_ = sent.serial;
  if (packet_->size > 0) {  // an empty one would start draining
    // Packets that an edit list skips are decoded but not output.
    if (!(packet_->flags & AV_PKT_FLAG_DISCARD)) {
      pending_.emplace(sent.serial, sent);
      if (sent.pts == AV_NOPTS_VALUE && sent.dts != AV_NOPTS_VALUE) dts_.insert(sent.dts);
    }
    packet_->pts = sent.serial;
    DecoderErrors& decoder_errors = decoder_errors_[sent.serial % decoder_errors_.size()];
    decoder_errors.clear();
    codec_->opaque = &decoder_errors;
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
  // From now on output frames that follow a lost key frame instead of silently dropping them.
  codec_->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
}

const DecoderErrors* StreamDecoder::errors_of(const SentPacket& packet) const {
  const auto kept = static_cast<std::int64_t>(decoder_errors_.size());
  if (packet.serial < 0 || packet.serial < packets_ - kept) return nullptr;
  const DecoderErrors& decoder_errors = decoder_errors_[packet.serial % kept];
  return decoder_errors.any() ? &decoder_errors : nullptr;
}

// ": text", or "".
std::string StreamDecoder::error_text_of(const SentPacket& packet) const {
  if (const DecoderErrors* decoder_errors = errors_of(packet)) return ": " + decoder_errors->last();
  return error_text_.empty() ? "" : ": " + error_text_;
}

void StreamDecoder::accept(const AVFrame& picture) {
  auto found = pending_.find(picture.pts);
  if (found == pending_.end() && picture.pts == AV_NOPTS_VALUE) found = pending_.begin();
  const bool expected = found != pending_.end();
  // After damage a decoder may conceal a missing reference; the packet's real picture follows.
  if (!expected && damage_seen_) return;
  SentPacket packet;
  packet.serial = packets_ - 1;
  if (expected) {
    packet = found->second;
    pending_.erase(found);
  }  // else one of several frames of a packet

  DecodedFrame decoded{std::make_unique<Frame>(), {}};
  Frame& frame = *decoded.frame;
  frame.damaged = packet.corrupt || errors_of(packet) || (picture.flags & AV_FRAME_FLAG_CORRUPT) ||
                  picture.decode_error_flags != 0;
  if (frame.damaged) {
    damage_seen_ = true;
    broken_ = std::max(broken_, packet.serial);
    decoded.problem = "decoded with errors" + error_text_of(packet);
  }
  Gap gap;
  if (expected) {
    output_lost_before(packet);
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

// Outputs the frames that are lost, since `shown` should have followed them.
void StreamDecoder::output_lost_before(const SentPacket& shown) {
  std::vector<SentPacket> candidates;
  for (auto it = pending_.begin(); it != pending_.end();) {
    SentPacket& packet = it->second;
    if (!packet.passed && comes_before(packet, shown)) {
      packet.passed = true;
      candidates.push_back(packet);
    }
    // Keep it for a while: with wrong time stamps its frame may still follow.
    const bool forgotten = packet.passed && packet.serial + kErrorMemory < shown.serial;
    it = forgotten ? pending_.erase(it) : std::next(it);
  }
  output_lost(candidates);
  while (!errors_.empty() && errors_.front() + kErrorMemory < shown.serial) errors_.pop_front();
}

// Outputs a missing frame for each candidate that is lost rather than invisible.
void StreamDecoder::output_lost(std::vector<SentPacket>& candidates) {
  sort_some(
      candidates, [](const SentPacket& packet) { return packet.pts != AV_NOPTS_VALUE; },
      [](const SentPacket& a, const SentPacket& b) { return a.pts < b.pts; });
  // Packets before the first frame may refer to frames that were cut away (an open GOP): the
  // decoder reports errors, but nothing is damaged.
  const auto looks_damaged = [&](const SentPacket& packet) {
    return packet.corrupt || (each_is_a_frame_ && packet.key) || (any_shown_ && errors_of(packet));
  };
  damage_seen_ = damage_seen_ || std::any_of(candidates.begin(), candidates.end(), looks_damaged);
  for (const SentPacket& packet : candidates) {
    const bool lost = !errors_.empty() || looks_damaged(packet) ||
                      (each_is_a_frame_ && any_shown_) || (damage_seen_ && !hidden_seen_);
    if (!lost) {
      hidden_seen_ = true;
      const auto dts = dts_.find(packet.dts);
      if (dts != dts_.end()) dts_.erase(dts);
      continue;
    }
    if (!errors_.empty()) errors_.pop_front();
    pending_.erase(packet.serial);
    damage_seen_ = true;
    if (is_counted_by_gap(packet)) continue;
    const Gap gap = gap_before(packet);
    DecodedFrame missing = missing_frame("cannot decode" + error_text_of(packet));
    set_time(packet, *missing.frame);
    ready_.push_back({gap, std::move(missing)});
  }
}

// Seconds since the first frame.
std::optional<double> StreamDecoder::time_of(const SentPacket& packet) const {
  if (!first_pts_ || packet.pts == AV_NOPTS_VALUE) return {};
  return static_cast<double>(packet.pts - *first_pts_) * av_q2d(source_.stream().time_base);
}

bool StreamDecoder::gaps_count_losses() const {
  return !source_.counts_packets() && any_shown_ && steady_ && in_step_ > 0;
}

// A corrupt packet may also have a wrong time, that of another frame; its own then leaves a gap.
bool StreamDecoder::is_counted_by_gap(const SentPacket& lost) const {
  const auto time = time_of(lost);
  return gaps_count_losses() && time && *time < latest_ + frame_seconds_ / 2;
}

// The missing frames for which the times leave room before `shown`.
StreamDecoder::Gap StreamDecoder::gap_before(const SentPacket& shown) {
  const auto time = time_of(shown);
  if (!time || !any_shown_) return {};
  const double expected = std::max(next_time_, latest_ + frame_seconds_);
  const double gap = (*time - expected) / frame_seconds_;
  if (std::abs(gap) < 0.5) {
    ++in_step_;
    return {};
  }
  const bool near_damage = shown.serial - broken_ <= kErrorMemory;
  if (!near_damage || in_step_ == 0) steady_ = false;
  const double longest = source_.seconds().value_or(next_time_ + kLongestGapSeconds);
  if (!gaps_count_losses() || gap < 0 || *time > std::min(longest, kLongestVideoSeconds)) return {};
  const double unit = av_q2d(source_.stream().time_base);
  const std::int64_t from = *first_pts_ + std::llround(expected / unit);
  return {std::llround(gap), 0, from, shown.pts};
}

DecodedFrame StreamDecoder::frame_of(Gap& gap) {
  DecodedFrame lost = missing_frame("lost in a corrupt part of the file");
  const auto span = static_cast<__int128>(gap.to - gap.from);
  lost.frame->pts = gap.from + static_cast<std::int64_t>(span * gap.given++ / gap.frames);
  lost.frame->time =
      static_cast<double>(*lost.frame->pts - *first_pts_) * av_q2d(source_.stream().time_base);
  return lost;
}

// The number of frames that are missing at the end, at least 1 if the file ends with an error.
std::int64_t StreamDecoder::lost_at_end() const {
  const std::int64_t announced = source_.announced_after(packets_);
  if (announced > 0 || source_.end_problem().empty()) return announced;
  const double rest = source_.seconds().value_or(0) - next_time_;
  if (!gaps_count_losses() || rest > kLongestVideoSeconds) return 1;
  return std::max<std::int64_t>(1, std::llround(rest / frame_seconds_));
}

// The decoder is drained.
void StreamDecoder::finish() {
  std::vector<SentPacket> candidates;
  for (const auto& [serial, packet] : pending_) {
    if (!packet.passed) candidates.push_back(packet);
  }
  output_lost(candidates);
  pending_.clear();
  truncated_ = lost_at_end();
  ended_ = true;
}

// Without time.
DecodedFrame StreamDecoder::missing_frame(std::string problem) {
  DecodedFrame lost{std::make_unique<Frame>(), std::move(problem)};
  lost.frame->missing = true;
  return lost;
}

// The presentation time of the next frame. Without pts (AVI), decoding times are assigned in order.
std::optional<std::int64_t> StreamDecoder::take_pts(const SentPacket& packet) {
  if (packet.pts != AV_NOPTS_VALUE) return packet.pts;
  if (packet.dts == AV_NOPTS_VALUE || dts_.empty()) return {};
  auto dts = codec_->has_b_frames > 0 ? dts_.begin() : dts_.find(packet.dts);
  if (dts == dts_.end()) dts = dts_.begin();
  return dts_.extract(dts).value();
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
