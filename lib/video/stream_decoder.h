// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "video/packet_source.h"
#include "video/rgb_converter.h"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vremd::video {

// A frame and what is wrong with it ("" = nothing).
struct DecodedFrame {
  std::unique_ptr<Frame> frame;
  std::string problem;
};

// Decodes packets into frames in presentation order; a packet whose frame is lost yields a
// `missing` frame in its place.
//
// Frames are matched to packets by a serial number that passes through the decoder as the pts. A
// packet without a frame is lost if the decoder reports an error. Otherwise it may be legitimately
// invisible (an alternate reference, the second field of a frame, a frame that is "not coded"). But
// if every packet is a frame, by the codec or by all packets up to the first damage, it is lost.
//
// Packets that the container lost (a corrupt part of Matroska or MPEG-TS) are counted by the gap in
// the times of a video with an otherwise constant rate: each yields a missing frame. A gap without
// signs of damage belongs to the video.
class StreamDecoder {
 public:
  StreamDecoder(PacketSource& source, int threads);

  // The next frame, without index; empty at the end or after a stop.
  std::optional<DecodedFrame> next();
  bool stopped() const { return stopped_; }

 private:
  static constexpr std::int64_t kNever = INT64_MIN / 2;

  struct SentPacket {
    std::int64_t serial = 0;
    std::int64_t pts = AV_NOPTS_VALUE, dts = AV_NOPTS_VALUE;
    bool key = false, corrupt = false;
    bool passed = false;  // a later frame was output
  };

  void open(int threads);
  void feed();
  void accept(const AVFrame& picture);
  void note_error(int status);
  void finish();
  const DecoderErrors* errors_of(const SentPacket& packet) const;
  std::string error_text_of(const SentPacket& packet) const;
  bool comes_before(const SentPacket& a, const SentPacket& b) const;
  void output_lost_before(const SentPacket& shown);
  void output_lost(std::vector<SentPacket>& candidates);
  std::optional<double> time_of(const SentPacket& packet) const;
  bool gaps_count_losses() const;
  bool is_counted_by_gap(const SentPacket& lost) const;
  // Missing frames without packets, spaced evenly over pts [from, to); created on demand.
  struct Gap {
    std::int64_t frames = 0, given = 0, from = 0, to = 0;
  };
  Gap gap_before(const SentPacket& shown);
  DecodedFrame frame_of(Gap& gap);
  std::int64_t lost_at_end() const;
  std::optional<std::int64_t> take_pts(const SentPacket& packet);
  void set_time(const SentPacket& packet, Frame& frame);
  DecodedFrame missing_frame(std::string problem);

  PacketSource& source_;
  std::array<DecoderErrors, 256> decoder_errors_;  // of the latest packets, by serial
  AvCodec codec_;
  AvPacket packet_;
  AvFrame picture_;
  RgbConverter converter_{false};
  Orientation orientation_;       // of the stream
  bool each_is_a_frame_ = false;  // every packet, with this codec

  std::map<std::int64_t, SentPacket> pending_;  // by serial: sent, without frame so far
  std::multiset<std::int64_t> dts_;             // of packets without pts and without frame so far
  std::int64_t packets_ = 0;                    // read so far; the next serial
  std::deque<std::int64_t> errors_;             // serials of packets with decoding errors
  std::string error_text_;
  bool damage_seen_ = false, hidden_seen_ = false, any_shown_ = false;
  int errors_while_draining_ = 0;
  bool draining_ = false, ended_ = false, stopped_ = false;
  std::int64_t broken_ = kNever;  // the last serial at or after a sign of damage
  std::int64_t in_step_ = 0;      // frames one interval after their predecessor
  bool steady_ = true;            // so are all others, except around damage
  std::int64_t truncated_ = 0;    // frames that the file announces but lacks

  std::optional<std::int64_t> first_pts_;
  double next_time_ = 0;  // of a frame without pts
  double latest_ = 0;     // the largest time of a frame
  double frame_seconds_ = 0;
  struct Ready {
    Gap gap;  // before the frame
    DecodedFrame frame;
  };
  std::deque<Ready> ready_;
};

}  // namespace vremd::video
