// SPDX-License-Identifier: Apache-2.0
#include "video/packet_decoder.h"

#include "core/error.h"

#include <algorithm>

namespace vremd::video {

PacketDecoder::PacketDecoder(const AVStream& stream, const std::string& place, int threads,
                             bool low_delay) {
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  if (!codec) {
    fail("{}: this libavcodec cannot decode {}", place,
         avcodec_get_name(stream.codecpar->codec_id));
  }
  codec_.reset(avcodec_alloc_context3(codec));
  if (!codec_) throw std::bad_alloc();
  int status = avcodec_parameters_to_context(codec_.get(), stream.codecpar);
  if (status >= 0) {
    // With threads, libav's Theora decoder refuses a stream that another is joined to.
    codec_->thread_count = codec->id == AV_CODEC_ID_THEORA ? 1 : std::max(threads, 1);
    codec_->pkt_timebase = stream.time_base;
    if (low_delay) {
      codec_->thread_type = FF_THREAD_SLICE;
      // With B-frames, some decoders would return pictures in the order of decoding.
      if (stream.codecpar->video_delay == 0) codec_->flags |= AV_CODEC_FLAG_LOW_DELAY;
    }
    status = avcodec_open2(codec_.get(), codec, nullptr);
  }
  if (status < 0) fail("{}: cannot decode {}: {}", place, codec->name, av_error_text(status));
}

int PacketDecoder::send(AVPacket& packet) {
  DecoderErrors& errors = errors_[sent_ % errors_.size()];
  errors.clear();
  codec_->opaque = &errors;
  packet.pts = sent_++;
  // An empty packet would start draining.
  const int status = packet.size > 0 ? avcodec_send_packet(codec_.get(), &packet) : 0;
  if (status < 0) decoded_ = sent_;
  av_packet_unref(&packet);
  return status;
}

void PacketDecoder::drain() {
  draining_ = true;
  avcodec_send_packet(codec_.get(), nullptr);
}

// With frame threads, a picture or an error belongs to a packet sent a few packets earlier. At the
// end they come one by one, and packets without a result go unnoticed.
int PacketDecoder::receive(AVFrame& picture) {
  const int status = avcodec_receive_frame(codec_.get(), &picture);
  const bool frame_threads = codec_->active_thread_type & FF_THREAD_FRAME;
  if (!draining_) {
    decoded_ = frame_threads ? sent_ - (codec_->thread_count - 1) : sent_;
  } else if (!frame_threads || status == AVERROR_EOF) {
    decoded_ = sent_;
  } else {
    decoded_ = std::min(sent_, std::max(decoded_ + 1, status < 0 ? 0 : picture.pts + 1));
  }
  return status;
}

std::string PacketDecoder::problem_of(std::int64_t packet) const {
  const auto kept = static_cast<std::int64_t>(errors_.size());
  if (packet < 0 || packet < sent_ - kept) return "";
  const DecoderErrors& errors = errors_[packet % kept];
  return errors.any() ? errors.last() : "";
}

int PacketDecoder::reorder() const {
  constexpr int kMost = 16;  // of H.264 and HEVC
  return codec_->has_b_frames > 0 ? kMost : 0;
}

bool PacketDecoder::is_frame(const AVPacket& packet) const {
  constexpr int kTheoraHeader = 0x80;
  return packet.size > 0 &&
         !(codec_->codec_id == AV_CODEC_ID_THEORA && packet.data[0] & kTheoraHeader);
}

// Not so for H.264 (a packet may be a field), VP8 (alternate references) and the MPEG-4 family
// (frames that are "not coded").
bool PacketDecoder::always_a_frame() const {
  switch (codec_->codec_id) {
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO: return true;
    default: {
      const AVCodecDescriptor* description = avcodec_descriptor_get(codec_->codec_id);
      return description && description->props & AV_CODEC_PROP_INTRA_ONLY;
    }
  }
}

}  // namespace vremd::video
