// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "video/frame_account.h"
#include "video/packet_decoder.h"
#include "video/packet_source.h"
#include "video/rgb_converter.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace vremd::video {

// A frame and what is wrong with it ("" = nothing).
struct DecodedFrame {
  std::unique_ptr<Frame> frame;
  std::string problem;
};

// The frames of a stream: packets of a PacketSource through a PacketDecoder, in the order in which
// it gives them, with the missing ones that FrameAccount adds.
class StreamDecoder {
 public:
  StreamDecoder(PacketSource& source, int threads);

  // The next frame, without index; empty at the end or after a stop.
  std::optional<DecodedFrame> next();
  bool stopped() const { return stopped_; }
  double frame_seconds() const { return frame_seconds_; }      // from one frame to the next
  bool transposed() const { return orientation_.transposed; }  // by the display rotation

 private:
  StreamFacts facts() const;
  void feed();
  void tell_decoded();
  void accept(const AVFrame& picture);
  void error(int status);
  void finish();

  PacketSource& source_;
  PacketDecoder decoder_;
  double frame_seconds_;
  FrameAccount account_;
  std::deque<PacketFacts> sent_;       // the decoder may not be done with them
  std::deque<DecodedFrame> pictures_;  // decoded, without time so far
  AvPacket packet_;
  AvFrame picture_;
  RgbConverter converter_{false};
  Orientation orientation_;  // of the stream
  int errors_while_draining_ = 0;
  bool draining_ = false, ended_ = false, stopped_ = false;
};

}  // namespace vremd::video
