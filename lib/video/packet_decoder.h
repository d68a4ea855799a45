// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/av.h"

#include <array>
#include <cstdint>
#include <string>

namespace vremd::video {

// Decodes the packets of a stream. Packets are numbered in the order in which they are sent; a
// picture has the number of its packet as its pts.
class PacketDecoder {
 public:
  // `low_delay`: pictures come as soon as the order of the stream allows. Errors name `place`.
  PacketDecoder(const AVStream& stream, const std::string& place, int threads, bool low_delay);

  // These return libav's status. send() takes the packet's content.
  int send(AVPacket& packet);
  void drain();
  int receive(AVFrame& picture);

  std::int64_t sent() const { return sent_; }  // also the number of the next packet
  // The number of them it has finished: threads may still be working on the latest.
  std::int64_t decoded() const { return decoded_; }
  // The last error that the decoder logged for one of the latest packets; "" if none.
  std::string problem_of(std::int64_t packet) const;

  int reorder() const;  // pictures come at most this many packets after their own
  bool is_frame(const AVPacket& packet) const;  // not empty, nor a header in the middle (Theora)
  bool always_a_frame() const;  // if every intact packet of this codec yields a picture

 private:
  AvCodec codec_;
  std::int64_t sent_ = 0;
  bool draining_ = false;
  std::int64_t decoded_ = 0;
  std::array<DecoderErrors, 256> errors_;  // of the latest packets, by number
};

}  // namespace vremd::video
