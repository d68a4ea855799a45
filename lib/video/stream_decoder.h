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

// A frame, and what was wrong with it ("" = nothing).
struct DecodedFrame {
  std::unique_ptr<Frame> frame;
  std::string problem;
};

// Packets in, frames out in presentation order; a packet whose frame is lost gives a `missing`
// frame at its place.
//
// What a frame owes to its packet is found by a serial number, which travels through the decoder
// in place of the pts. A packet that gives no frame is lost if the decoder reported an error;
// without one it may be rightly invisible (an alternate reference, the second field of a frame, a
// frame that is "not coded"), and then it is no frame for others either. But where each packet is
// a frame, by the codec or by what was seen until the first damage, each is owed.
//
// Packets that the container has lost (a broken stretch of Matroska or MPEG-TS) are told by the
// gap that they leave in the times of a video whose rate is constant otherwise: they give as many
// missing frames. A gap without a sign of damage is the video's own.
class StreamDecoder {
 public:
  StreamDecoder(PacketSource& source, int threads);

  // The next frame, without its index. Nothing at the end or after a stop.
  std::optional<DecodedFrame> next();
  bool stopped() const { return stopped_; }

 private:
  static constexpr std::int64_t kNever = INT64_MIN / 2;

  struct SentPacket {
    std::int64_t serial = 0;
    std::int64_t pts = AV_NOPTS_VALUE, dts = AV_NOPTS_VALUE;
    bool key = false, corrupt = false;
    bool passed = false;  // a later frame was shown
  };

  void open(int threads);
  void feed();
  void accept(const AVFrame& picture);
  void note_error(int status);
  void finish();
  const AvComplaints* complaints_about(const SentPacket& packet) const;
  std::string what_was_said_about(const SentPacket& packet) const;
  bool comes_before(const SentPacket& a, const SentPacket& b) const;
  void give_lost_before(const SentPacket& shown);
  void give_lost(std::vector<SentPacket>& candidates);
  std::optional<double> time_of(const SentPacket& packet) const;
  bool tells_by_gaps() const;
  bool is_told_by_gap(const SentPacket& lost) const;
  // Frames that no packet told of, evenly from pts `from` to before `to`; made when they are given.
  struct Gap {
    std::int64_t frames = 0, given = 0, from = 0, to = 0;
  };
  Gap gap_before(const SentPacket& shown);
  DecodedFrame frame_of(Gap& gap);
  std::int64_t lost_at_the_end() const;
  std::optional<std::int64_t> take_pts(const SentPacket& packet);
  void set_time(const SentPacket& packet, Frame& frame);
  DecodedFrame missing_frame(std::string problem);

  PacketSource& source_;
  std::array<AvComplaints, 256> complaints_;  // of the last packets, by serial
  AvCodec codec_;
  AvPacket packet_;
  AvFrame picture_;
  RgbConverter converter_{false};
  Orientation orientation_;       // of the stream
  bool each_is_a_frame_ = false;  // of the packets, with this codec

  std::map<std::int64_t, SentPacket> pending_;  // by serial: sent, not yet a frame
  std::multiset<std::int64_t> dts_;  // of packets without pts that have not been given a frame
  std::int64_t packets_ = 0;         // read so far; the next serial
  std::deque<std::int64_t> errors_;  // serials at which the decoder reported one
  std::string error_text_;
  bool damage_seen_ = false, hidden_seen_ = false, any_shown_ = false;
  int errors_while_draining_ = 0;
  bool draining_ = false, ended_ = false, stopped_ = false;
  std::int64_t broken_ = kNever;  // the last serial with a sign of damage at or before it
  std::int64_t in_step_ = 0;      // frames that came one interval after the one before
  bool steady_ = true;            // as did all others, but for damage
  std::int64_t cut_off_ = 0;      // frames that are promised but not in the file

  std::optional<std::int64_t> first_pts_;
  double next_time_ = 0;  // of a frame without pts
  double latest_ = 0;     // time of any frame
  double frame_seconds_ = 0;
  struct Ready {
    Gap gap;  // before the frame
    DecodedFrame frame;
  };
  std::deque<Ready> ready_;
};

}  // namespace vremd::video
