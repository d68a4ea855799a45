// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/av.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace vremd::video {

class PipeInput;

// Thrown when a stop is asked for while a source is being opened.
struct StoppedWhileOpening {};

// The packets of the video stream of anything that libav opens; "-" and pipes are read by
// ourselves, so that a stop ends the waiting. Errors "path: what" at construction.
class PacketSource {
 public:
  PacketSource(const std::string& path, std::function<bool()> stopped);
  ~PacketSource();

  const std::string& place() const { return place_; }  // the path, or "standard input"
  AVFormatContext* context() const { return input_.get(); }
  AVStream& stream() const { return *stream_; }

  // The next packet: a status of libav (AVERROR_EOF at the end, AVERROR_EXIT after a stop).
  int read(AVPacket& packet);

  // True where the container was broken just before the packet that was read last: packets that
  // were there are not given.
  bool broken_before() const { return broken_before_; }

  // How long the container says that the video is; nothing where it does not. It may say more
  // than is true where sound goes on after the pictures.
  std::optional<double> seconds() const;

  // Why there are no more packets, where the end is not a good one; "" otherwise.
  const std::string& end_problem() const { return end_problem_; }

  // True where the container tells the number of packets: MP4, AVI.
  bool counts_packets() const;

  // How many it promises beyond the `read` ones that were there: the file is cut off or broken. 0
  // where it does not tell.
  std::int64_t promised_after(std::int64_t read) const;

 private:
  [[noreturn]] void fail_to_open(int status) const;

  std::string place_;
  std::function<bool()> stopped_;
  std::unique_ptr<PipeInput> pipe_;  // outlives the context that reads from it
  AvInput input_;
  AVStream* stream_ = nullptr;
  std::string end_problem_;
  bool broken_before_ = false;
};

}  // namespace vremd::video
