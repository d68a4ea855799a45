// SPDX-License-Identifier: Apache-2.0
#include "video/stream_decoder.h"

#include "core/error.h"

#include <utility>

namespace vremd::video {
namespace {

constexpr int kMaxErrorsWhileDraining = 256;  // then the decoder is given up
constexpr double kDefaultFrameRate = 25;      // if unknown

// A longer pause is a jump of the timestamps: FFmpeg's dts_delta_threshold, for containers whose
// timestamps may jump, and dts_error_threshold.
constexpr double kLongestPause = 10, kLongestPauseOfFiles = 30 * 3600;

double frame_seconds_of(const PacketSource& source) {
  const AVRational rate = av_guess_frame_rate(source.context(), &source.stream(), nullptr);
  return rate.num > 0 && rate.den > 0 ? av_q2d(av_inv_q(rate)) : 1 / kDefaultFrameRate;
}

std::optional<std::int64_t> stamp(std::int64_t value) {
  if (value == AV_NOPTS_VALUE) return {};
  return value;
}

}  // namespace

StreamDecoder::StreamDecoder(PacketSource& source, int threads)
    : source_(source),
      decoder_(source.stream(), source.place(), threads, source.low_delay()),
      frame_seconds_(frame_seconds_of(source)),
      account_(facts(), [this](std::int64_t packet) { return decoder_.problem_of(packet); }),
      packet_(av_packet_alloc()),
      picture_(av_frame_alloc()),
      orientation_(orientation_of(stream_display_matrix(source.stream()))) {
  if (!packet_ || !picture_) throw std::bad_alloc();
}

StreamFacts StreamDecoder::facts() const {
  const bool jumps = source_.context()->iformat->flags & AVFMT_TS_DISCONT;
  return {.unit = av_q2d(source_.stream().time_base),
          .frame_seconds = frame_seconds_,
          .always_a_frame = decoder_.always_a_frame(),
          .counts_packets = source_.counts_packets(),
          .begins_anywhere = jumps || source_.context()->iformat->flags & AVFMT_NOTIMESTAMPS,
          .longest_pause = jumps ? kLongestPause : kLongestPauseOfFiles,
          .duration = source_.seconds()};
}

std::optional<DecodedFrame> StreamDecoder::next() {
  for (;;) {
    if (auto entry = account_.take()) {
      DecodedFrame decoded{std::make_unique<Frame>(), std::move(entry->problem)};
      if (!entry->missing) {
        decoded = std::move(pictures_.front());
        pictures_.pop_front();
      }
      decoded.frame->missing = entry->missing;
      decoded.frame->pts = entry->pts;
      decoded.frame->time = entry->time;
      return decoded;
    }
    if (ended_) return {};
    const int status = decoder_.receive(*picture_);
    if (status >= 0) {
      accept(*picture_);
      av_frame_unref(picture_.get());
    } else if (status == AVERROR_EOF) {
      finish();
    } else if (status == AVERROR(EAGAIN)) {
      feed();
    } else {
      error(status);
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
    decoder_.drain();
    return;
  }
  const bool corrupt = packet_->flags & AV_PKT_FLAG_CORRUPT || source_.corrupt_before();
  // Packets that an edit list skips are decoded but not shown; empty ones are not decoded.
  if (decoder_.is_frame(*packet_) && !(packet_->flags & AV_PKT_FLAG_DISCARD)) {
    sent_.push_back({decoder_.sent(), stamp(packet_->pts), stamp(packet_->dts),
                     (packet_->flags & AV_PKT_FLAG_KEY) != 0, corrupt, source_.maybe_seam()});
  }
  const int status = decoder_.send(*packet_);
  if (status < 0) error(status);
}

void StreamDecoder::tell_decoded() {
  for (; !sent_.empty() && sent_.front().serial < decoder_.decoded(); sent_.pop_front()) {
    account_.decoded(sent_.front());
  }
}

void StreamDecoder::error(int status) {
  if (status == AVERROR(ENOMEM)) throw std::bad_alloc();
  tell_decoded();
  account_.error(av_error_text(status));
}

void StreamDecoder::accept(const AVFrame& picture) {
  tell_decoded();
  const std::optional<std::int64_t> packet = stamp(picture.pts);
  const std::string said = packet ? decoder_.problem_of(*packet) : "";
  DecodedFrame decoded{std::make_unique<Frame>(), {}};
  Frame& frame = *decoded.frame;
  frame.damaged = !said.empty() || (picture.flags & AV_FRAME_FLAG_CORRUPT) ||
                  picture.decode_error_flags != 0 || (packet && account_.is_corrupt(*packet));
  if (frame.damaged) decoded.problem = "decoded with errors" + (said.empty() ? "" : ": " + said);
  const std::int32_t* matrix = frame_display_matrix(picture);
  converter_.convert(picture, matrix ? orientation_of(matrix) : orientation_, source_.place(),
                     frame);
  account_.set_reorder(decoder_.reorder());
  account_.picture(packet, frame.damaged);
  pictures_.push_back(std::move(decoded));
}

// The decoder is drained.
void StreamDecoder::finish() {
  tell_decoded();
  ended_ = true;
  if (source_.is_lost()) return account_.end(0, false, "");
  const std::string& problem = source_.end_problem();
  account_.end(source_.announced_after(decoder_.sent()), !problem.empty(),
               problem.empty() ? "the file is truncated" : "cannot read: " + problem);
}

}  // namespace vremd::video
