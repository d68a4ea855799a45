// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/av.h"
#include "video/joined_file.h"
#include "video/ts_input.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace vremd::video {

class PipeInput;

// Thrown if a stop is requested while a source is being opened.
struct StoppedWhileOpening {};

// The packets of the video stream of anything that libav opens. Pipes and "-" are polled here, so
// that a stop interrupts a blocking read. Errors "path: what" at construction.
class PacketSource {
 public:
  // `low_delay`: reads no more than a second to know the streams; a stream of HTTP that ends is
  // connected again, and what is joined to a pipe is not read. `part`: of a regular file. `pipe`:
  // another one's next_of_pipe().
  PacketSource(const std::string& path, std::function<bool()> stopped, bool low_delay = false,
               FilePart part = {}, std::shared_ptr<PipeInput> pipe = nullptr);
  ~PacketSource();

  const std::string& place() const { return place_; }  // the path, or "standard input"
  AVFormatContext* context() const { return input_.get(); }
  AVStream& stream() const { return *stream_; }
  bool low_delay() const { return low_delay_; }

  // Reads the next packet. Returns libav's status: AVERROR_EOF at the end, AVERROR_EXIT after a
  // stop.
  int read(AVPacket& packet);

  // True if the container is corrupt just before the last packet read, so that packets are lost.
  bool corrupt_before() const { return corrupt_before_; }

  // True if the last packet read is flagged as corrupt, but in front of a key frame: either bytes
  // are missing, or two recordings were joined (their packet counters do not match).
  bool maybe_seam() const { return maybe_seam_; }

  // The duration according to the container, if it has one. May include audio that outlasts the
  // video.
  std::optional<double> seconds() const;

  // After the end of a transport stream: where another recording is joined to it whose video has
  // another PID, or the same one and another codec. Nothing for videos that run side by side.
  std::optional<FilePart> other_recording() const;

  // After the end of a pipe: the same pipe, at the next file that was joined, which is `part` of
  // what was read. Null: none follows. StoppedWhileOpening.
  std::shared_ptr<PipeInput> next_of_pipe(FilePart& part);

  // Why the packets ended early; "" after a regular end.
  const std::string& end_problem() const { return end_problem_; }

  // True if the connection to the source of a URL ended early, with `low_delay`.
  bool is_lost() const;

  // How often the source was connected again, or tried to be.
  std::int64_t reconnects() const { return reconnects_; }

  // True if the container states the number of packets (MP4, AVI).
  bool counts_packets() const;

  // The number of packets that a truncated or corrupt file lacks after `read` of them; 0 if
  // unknown.
  std::int64_t announced_after(std::int64_t read) const;

 private:
  [[noreturn]] void fail_to_open(int status) const;
  bool is_transport_stream() const;
  struct Read {
    AvPacket packet;
    int status = 0;
    bool corrupt_before = false;
  };
  Read read_next();
  std::int64_t bytes_cut_from_avi() const;

  std::string place_;
  std::function<bool()> stopped_;
  bool low_delay_;
  FilePart part_;
  std::shared_ptr<PipeInput> pipe_;  // null: a file that is not is_scanned(), or a URL
  std::unique_ptr<TsInput> ts_;      // null: not a transport stream in a file
  AvIo io_;                          // of pipe_ or ts_; outlives the context that reads from it
  AvInput input_;
  AVStream* stream_ = nullptr;
  std::string end_problem_;
  bool corrupt_before_ = false, maybe_seam_ = false;
  std::int64_t reconnects_ = 0;
  std::int64_t packets_ = 0, last_place_ = -1;  // read; of the last one in the file
  std::int64_t packets_end_ = -1;               // of the last one: where it ends in the file
  bool last_is_cut_ = false;                    // of a Y4M file
  std::map<int, std::int64_t> before_other_;    // packets_ before the first one of another video
  std::deque<Read> ahead_;                      // read, but not given
};

}  // namespace vremd::video
